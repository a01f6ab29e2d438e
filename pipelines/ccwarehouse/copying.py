"""The jobs that copy files into Postgres: dlt's, but exact where those are not."""

import pyarrow.parquet as pq
from dlt.common.destination.client import LoadJob
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.storages import FileStorage
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations.impl.postgres.postgres import (
    PostgresClient,
    PostgresCsvCopyJob,
    PostgresParquetCopyJob,
)

from .stored_schema import OneStoredSchema


class ParquetCopy(PostgresParquetCopyJob):
    """The copy of a parquet file through ADBC."""

    def run(self) -> None:
        """Copy the rows. dlt's own fails for a file without any, as empty days make."""
        if pq.read_metadata(self._file_path).num_rows:
            super().run()


class CsvCopy(PostgresCsvCopyJob):
    """The copy of a csv file, whose first line names the columns, in quotes."""

    def run(self) -> None:
        """Copy the rows. dlt's own makes null of a text that is empty."""
        client = self._job_client.sql_client
        table = client.make_qualified_table_name(self.load_table_name)
        with FileStorage.open_zipsafe_ro(self._file_path, "rb") as file:
            columns = file.readline().decode().strip()
            copy = f"COPY {table} ({columns}) FROM STDIN (FORMAT csv, ENCODING 'utf-8')"
            with client.begin_transaction():
                client.native_connection.cursor().copy_expert(copy, file)


class CopyingClient(OneStoredSchema, PostgresClient):
    """dlt's client with these jobs, and one schema stored for all loads."""

    def create_load_job(
        self,
        table: PreparedTableSchema,
        file_path: str,
        load_id: str,
        restore: bool = False,
    ) -> LoadJob:
        """The job for a file, as dlt makes it but for copies."""
        match ParsedLoadJobFileName.parse(file_path).file_format:
            case "parquet":
                return ParquetCopy(file_path)
            case "csv":
                return CsvCopy(file_path)
        return super().create_load_job(table, file_path, load_id, restore)

"""How files get into Postgres: two of dlt's copy jobs, corrected.

dlt's jobs are private classes, and dlt has no public way to change them. Its ADBC job
fails on a parquet file without rows, which empty days produce. Its csv job stores null
for an empty text. This module imports the driver, which the extra installs.
"""

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


class ParquetCopy(PostgresParquetCopyJob):
    """Copies a parquet file through ADBC, by its row groups.

    A file that is copied at once stays in memory until its end.
    """

    _ingest_per_rowgroup = True

    def run(self) -> None:
        """Copy the rows, if there are any."""
        if pq.read_metadata(self._file_path).num_rows:
            super().run()


class CsvCopy(PostgresCsvCopyJob):
    """Copies a csv file, whose first line names the columns in quotes."""

    def run(self) -> None:
        """Copy the rows; an empty text stays an empty text."""
        client = self._job_client.sql_client
        table = client.make_qualified_table_name(self.load_table_name)
        with FileStorage.open_zipsafe_ro(self._file_path, "rb") as file:
            columns = file.readline().decode().strip()
            copy = f"COPY {table} ({columns}) FROM STDIN (FORMAT csv, ENCODING 'utf-8')"
            with client.begin_transaction():
                client.native_connection.cursor().copy_expert(copy, file)


class CopyingClient(PostgresClient):
    """dlt's client with these jobs."""

    def create_load_job(
        self,
        table: PreparedTableSchema,
        file_path: str,
        load_id: str,
        restore: bool = False,
    ) -> LoadJob:
        """The job for a file: these for copies, dlt's own for all others."""
        match ParsedLoadJobFileName.parse(file_path).file_format:
            case "parquet":
                return ParquetCopy(file_path)
            case "csv":
                return CsvCopy(file_path)
        return super().create_load_job(table, file_path, load_id, restore)

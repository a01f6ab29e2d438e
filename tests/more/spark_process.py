"""Spark SQL in local mode, in its own process.

    .venv-spark/bin/python spark_process.py FOLDER

Each line of stdin is [SQL, FOLDER or null]; with a folder the result goes there, as
parquet. The answer is a line too: "ok", or what Spark says. FOLDER is for its files.
"""

import json
import sys

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

# By default Spark gives up decimal places to gain digits: a cent's 24 places would
# become 23 of a dollar. A view keeps the setting of its creation.
EXACT = {"spark.sql.decimalOperations.allowPrecisionLoss": "false"}

SMALL = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def main():
    """Answer each line of stdin with a line on stdout."""
    folder = sys.argv[1]
    settings = EXACT | SMALL | {"spark.sql.warehouse.dir": folder}
    builder = SparkSession.builder.master("local[2]").config(map=settings)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    for line in sys.stdin:
        sql, result = json.loads(line)
        try:
            found = session.sql(sql)
            if result:
                found.write.parquet(result)
            answer = "ok"
        except PySparkException as error:
            answer = str(error)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

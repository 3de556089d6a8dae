"""A run of classified rows, for spark-submit, EMR and a Python task of Databricks.

    spark-submit inventory_job.py --out s3a://BUCKET/inventory s3a://BUCKET/activities.parquet

It takes the options of `vcci run`, and runs in the session of the job that it is part of. A run that is
refused ends the job with the error that says why.
"""

import sys

from pyspark.sql import SparkSession

from vcci.cli import app


def job(arguments: list[str]) -> None:
    """Run on the session of this job, which its platform has made and closes."""
    SparkSession.builder.appName("vcci run").getOrCreate()
    app(["run", "--engine", "spark", "--quiet", *arguments], standalone_mode=False)


if __name__ == "__main__":
    job(sys.argv[1:])

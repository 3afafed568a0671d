"""Tables as Arrow data and Parquet files."""

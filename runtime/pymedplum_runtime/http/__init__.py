"""HTTP without I/O: effects, requests and answers, URLs, headers, time, retries, records."""

"""Constructors that are wrong, and what the checkers say: see diagnostics.py."""

from pymedplum.fhir import Bundle, Coverage, HumanName, Observation, Patient, Quantity

Patient(birthdate="1990-01-01")  # expect mypy: call-arg; pyright: reportCallIssue
Patient(name=[{"familly": "B"}])  # expect mypy: list-item; pyright: reportArgumentType
Patient(gender="femal")  # expect mypy: arg-type; pyright: reportArgumentType
Patient(active="yes")  # expect mypy: arg-type; pyright: reportArgumentType
Patient(multiple_birth_integer="2")  # expect mypy: arg-type; pyright: reportArgumentType
Patient(birth_date=1990)  # expect mypy: arg-type; pyright: reportArgumentType
Patient(name={"family": "B"})  # expect mypy: arg-type; pyright: reportArgumentType
Patient(marital_status={"coding": [{"sytem": "a"}]})  # expect mypy: arg-type; pyright: reportArgumentType
HumanName(use="formal")  # expect mypy: arg-type; pyright: reportArgumentType
Observation(status="done", code={"text": "a"})  # expect mypy: arg-type; pyright: reportArgumentType
Quantity(value="1.5")  # expect mypy: arg-type; pyright: reportArgumentType
Coverage(klass=[])  # expect mypy: call-arg; pyright: reportCallIssue
Bundle(type="batch", entry=[{"recource": Patient()}])  # expect mypy: list-item; pyright: reportArgumentType
Patient("a")  # expect mypy: call-arg; pyright: reportCallIssue

"""What the constructors accept for primitives beside their JSON types; named by the stubs."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import TypeAlias

DateInput: TypeAlias = str | date
DateTimeInput: TypeAlias = str | date | datetime
InstantInput: TypeAlias = str | datetime
TimeInput: TypeAlias = str | time
DecimalInput: TypeAlias = Decimal | float

"""One call of a service, from its checked request to its cards: prefetch, function, answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, cast

from httpx import AsyncBaseTransport

from pymedplum_runtime.cds.messages.prefetch import MissingPrefetchError, PrefetchError
from pymedplum_runtime.cds.messages.reading import model_named
from pymedplum_runtime.cds.service.addresses import allowed_server
from pymedplum_runtime.cds.service.bodies import Call
from pymedplum_runtime.cds.service.fhir_data import FHIRData, is_bearer_token
from pymedplum_runtime.cds.service.refusals import Problem, Refusal, log_failure
from pymedplum_runtime.cds.service.registry import Handler
from pymedplum_runtime.cds.service.running import Runner, TooLateError, within
from pymedplum_runtime.errors import CDSHooksError
from pymedplum_runtime.http.clock import Clock

_FEEDBACK_TIMEOUT = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Invocations:
    """Runs services and what learns of their cards."""

    clock: Clock
    runner: Runner
    transport: AsyncBaseTransport | None = None

    async def cards(self, call: Call, servers: Sequence[str]) -> str:
        """Run a service, and return its answer as JSON text.

        Args:
            call: which one, and what with.
            servers: the FHIR servers that may be asked for what was not prefetched.

        Raises:
            Refusal: data is missing, or the service failed or takes too long.
        """
        service = call.service
        try:
            return await within(self.clock, service.timeout, self._answered(call, servers))
        except TooLateError:
            raise Refusal(504, f"the service took more than {service.timeout:g} s") from None
        except Refusal:
            raise
        except Exception as error:  # noqa: BLE001 - a function of the user's: whatever it raises
            refusal = _refusal(call, error)
        raise refusal

    async def feedback(self, service_id: str, handler: Handler, learned: Sequence[Any]) -> None:
        """Hand on what became of cards.

        Raises:
            Refusal: the function failed or takes too long.
        """
        try:
            await within(self.clock, _FEEDBACK_TIMEOUT, self.runner.run(handler, learned))
        except TooLateError:
            raise Refusal(504, f"the feedback took more than {_FEEDBACK_TIMEOUT:g} s") from None
        except Exception as error:  # noqa: BLE001 - the same
            log_failure(f"feedback of service {service_id}", error)
            raise Refusal(500, "taking the feedback failed") from None

    async def _answered(self, call: Call, servers: Sequence[str]) -> str:
        await self._complete(call, servers)
        result = await self.runner.run(call.service.handler, call.request)
        text: str = _response(result).model_dump_json()
        return text

    async def _complete(self, call: Call, servers: Sequence[str]) -> None:
        """Fetch what the EHR did not send."""
        urls, faults = self._missing(call)
        if urls:
            source = _source(call.request, servers, self.transport)
            if isinstance(source, FHIRData):
                found, failed = await source.fetched(urls)
                call.request.prefetch.add(found)
                faults |= failed
            else:
                faults |= dict.fromkeys(urls, source)
        lacking = [
            Problem(f"prefetch.{key}", f"was not sent, and could not be fetched: {fault}")
            for key, fault in faults.items()
            if key not in call.service.optional
        ]
        if lacking:
            raise _lacking(*lacking)

    def _missing(self, call: Call) -> tuple[dict[str, str], dict[str, str]]:
        """Return the URLs of what was not sent, and what is wrong with templates that have none.

        Templates with tokens that stand for nothing in this call have neither: there is nothing
        to fetch.
        """
        today = datetime.fromtimestamp(self.clock.now(), timezone.utc).date()
        urls: dict[str, str] = {}
        faults: dict[str, str] = {}
        for key, template in call.service.templates.items():
            if key in call.request.prefetch:
                continue
            try:
                url = template.url(call.context, today=today)
            except CDSHooksError as error:
                faults[key] = str(error)
            else:
                urls |= {} if url is None else {key: url}
        return urls, faults


def _refusal(call: Call, error: Exception) -> Refusal:
    """Return the answer for what a service raised: it lacks data, or it failed."""
    known = {*call.service.templates, *call.request.prefetch.unusable}
    is_typo = isinstance(error, MissingPrefetchError) and error.key not in known
    if isinstance(error, PrefetchError) and not is_typo:
        return _lacking(Problem("prefetch", str(error)))
    log_failure(call.service.name, error)
    return Refusal(500, "the service failed")


def _lacking(*problems: Problem) -> Refusal:
    return Refusal(412, "the service lacks FHIR data that it needs", problems)


def _source(
    request: Any,  # noqa: ANN401 - a generated class
    servers: Sequence[str],
    transport: AsyncBaseTransport | None,
) -> FHIRData | str:
    """Return the FHIR server of a request, or why it is not asked."""
    if request.fhir_server is None or request.fhir_authorization is None:
        return "the request has no fhirServer with a fhirAuthorization"
    base = allowed_server(request.fhir_server, servers)
    if base is None:
        return "its fhirServer is none that this service may ask"
    token = request.fhir_authorization.access_token.get_secret_value()
    if not is_bearer_token(token):
        return "its access_token is no bearer token (RFC 6750)"
    return FHIRData(base, token, transport)


def _response(result: object) -> Any:  # noqa: ANN401 - a CDSResponse
    response, card = model_named("CDSResponse"), model_named("Card")
    if isinstance(result, response):
        return result
    cards: list[object] = [] if result is None else [result]
    if isinstance(result, list | tuple):
        cards = list(cast("Sequence[object]", result))
    if not all(isinstance(each, card) for each in cards):
        raise TypeError("a service must return a Card, a list of cards, a CDSResponse or None")
    return response(cards=cards)

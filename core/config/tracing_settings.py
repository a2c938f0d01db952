"""The part of the table of settings that says where traces are sent."""

from typing import Final
from urllib.parse import urlsplit

from core.config.addresses import parse_page
from core.config.setting import Setting, plain

_SIGNAL_PATH = "/v1/traces"


def _parse_endpoint(text: str) -> str:
    """The URL that spans are posted to: a collector's address gets the path that OTLP gives traces."""
    url = parse_page(text)
    if "?" in url or "#" in url:
        raise ValueError("a URL without query and fragment")
    return url.rstrip("/") + _SIGNAL_PATH if urlsplit(url).path in ("", "/") else url


def _parse_ratio(text: str) -> float:
    allowed = "a number above 0, at most 1"
    try:
        ratio = float(text)
    except ValueError:
        raise ValueError(allowed) from None
    if not 0 < ratio <= 1:
        raise ValueError(allowed)
    return ratio


ENDPOINT: Final = Setting(
    "Tracing",
    "Endpoint",
    plain(_parse_endpoint),
    (),
    "Where both processes send traces: a collector that takes OTLP over HTTP, `http://127.0.0.1:4318` say",
    default_words="none",
)
SAMPLE_RATIO: Final = Setting(
    "Tracing",
    "SampleRatio",
    plain(_parse_ratio),
    ("1",),
    "Which share of the requests is traced, where no trusted proxy has decided that already",
    show=lambda ratio: f"{ratio:g}",
)
SETTINGS: Final = (ENDPOINT, SAMPLE_RATIO)

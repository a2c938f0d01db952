"""What the settings about https at the facade make together."""

from core.config import settings
from core.config.https_settings import CERTIFICATE_FILE, CERTIFICATE_KEY_FILE
from core.config.refusal import Everything, refusal


def check_https(found: Everything) -> None:
    """A certificate has its key, and an address that is told as https.

    Raises:
        ConfigError: something is missing, or contradicts the address.
    """
    certificate, key = (found[setting.name].values for setting in (CERTIFICATE_FILE, CERTIFICATE_KEY_FILE))
    if certificate and not key:
        raise refusal(found, CERTIFICATE_FILE, "allowed is a certificate with its CertificateKeyFile")
    if key and not certificate:
        raise refusal(found, CERTIFICATE_KEY_FILE, "allowed is this together with CertificateFile")
    if certificate and not found[settings.ADDRESS.name].values[0].startswith("https:"):
        raise refusal(found, CERTIFICATE_FILE, "allowed is this where Address begins with https://")

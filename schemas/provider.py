"""Who takes the messages: Meta's Cloud API itself, or 360dialog. Where to send, and with what.

360dialog takes the same bodies and gives the same answers. Its key belongs to one number, so the
address names neither the number nor the account, and no version (docs.360dialog.com: messaging
API, templates).
"""

from typing import Final

import msgspec

from schemas.environment import Secret

META: Final = "meta"
DIALOG_360: Final = "360dialog"
BASE_URLS: Final = {
    META: "https://graph.facebook.com",
    DIALOG_360: "https://waba-v2.360dialog.io",
}


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two, with its key; every address and header that goes to it is made here."""

    name: str
    base_url: str
    version: str
    token: Secret

    @property
    def is_meta(self) -> bool:
        return self.name == META

    def messages_url(self, phone_number_id: str) -> str:
        """Where a message of this number is posted."""
        if self.is_meta:
            return f"{self._base}/{self.version}/{phone_number_id}/messages"
        return f"{self._base}/messages"

    def templates_url(self, waba_id: str | None) -> str:
        """Where templates are listed; Meta asks which account's."""
        if self.is_meta:
            return f"{self._base}/{self.version}/{waba_id}/message_templates"
        return f"{self._base}/v1/configs/templates"

    def number_url(self, phone_number_id: str) -> str | None:
        """Where a number is asked about; None: the provider does not say."""
        if not self.is_meta:
            return None
        return f"{self._base}/{self.version}/{phone_number_id}"

    def apps_url(self, waba_id: str) -> str:
        """Where the apps are listed that get an account's webhooks; Meta's alone."""
        return f"{self._base}/{self.version}/{waba_id}/subscribed_apps"

    def headers(self) -> dict[str, str]:
        """What proves who asks."""
        if self.is_meta:
            return {"Authorization": f"Bearer {self.token}"}
        return {"D360-API-KEY": str(self.token)}

    @property
    def _base(self) -> str:
        return self.base_url.rstrip("/")

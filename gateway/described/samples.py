"""One small story that the examples of the description tell: a job of three recipients."""

from typing import Final

PHONE_NUMBER_ID: Final = "100000000000001"  # the sandbox has it
JOB_ID: Final = "5b0f8c1e-6d0b-4a53-9a3e-2f1f0a6a7c11"
MESSAGE_ID: Final = "wamid.HBgNNDkxNTExMjM0NTY3OBUCABEYEjQ3"
RECIPIENT: Final = "4915112345678"
AT: Final = "2026-11-23T20:36:31.951886Z"
LATER: Final = "2026-11-23T20:36:32.204518Z"

"""Deploy SAS Container Runtime models and score DataFrames and CSV files with them.

    from scr_modelops import Client
    client = Client("http://127.0.0.1:8080")
    client.models.deploy("sr-hmeq", "registry.demo/sr_hmeq_logreg:1.0", wait=True)
    scored = client.score("sr-hmeq", df)
"""

from .client import Client, RowsFailed
from .errors import (
    AnswerCut, Conflict, ConnectionFailed, InputError, Invalid, MissingExtra, NotAllowed, NotFound,
    NotReady, ScrModelOpsError, ServiceError, SettingsError, Unavailable,
)
from .models import ServiceWarning
from .progress import Progress
from .records import Comparison, Event, Model, Pod, Revision, Signature, Traffic, Variable
from .scoring import Scored

__version__ = "0.2.0"

__all__ = [
    "AnswerCut", "Client", "Comparison", "Conflict", "ConnectionFailed", "Event", "InputError",
    "Invalid", "MissingExtra", "Model", "NotAllowed", "NotFound", "NotReady", "Pod", "Progress",
    "Revision", "RowsFailed", "Scored", "ScrModelOpsError", "ServiceError", "ServiceWarning",
    "SettingsError", "Signature", "Traffic", "Unavailable", "Variable",
]

"""Reads {"kind", "object"} lines and says of each what gcloud's own client says of it: of a file's content, or of the words of
a command, which are parsed and not run.

Runs in the Python of a gcloud installation, with its library first in the path: gcloud-messages.py LIBRARY.
"""
import contextlib
import io
import json
import sys

sys.path[:0] = [sys.argv[1] + "/third_party", sys.argv[1]]

from googlecloudsdk.api_lib.util import apis  # noqa: E402
from googlecloudsdk.api_lib.util import messages as messages_util  # noqa: E402
from googlecloudsdk.core import yaml_validator  # noqa: E402
from googlecloudsdk.command_lib.export import util as export_util  # noqa: E402

KINDS = {
    "service": ("run", "v1", "Service"),
    "job": ("run", "v1", "Job"),
    "iam": ("run", "v1", "Policy"),
    "alert": ("monitoring", "v3", "AlertPolicy"),
    "dashboard": ("monitoring", "v1", "Dashboard"),
    "backend": ("compute", "v1", "BackendService"),
    "url-map": ("compute", "v1", "UrlMap"),
    "waf": ("compute", "v1", "SecurityPolicy"),
}
SCHEMAS = {"backend": "BackendService", "url-map": "UrlMap"}


def refused(words):
    from googlecloudsdk import gcloud_main

    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            gcloud_main.CreateCLI([])._CLI__parser.parse_args(words)
        except SystemExit:
            return said.getvalue() or "refused"
    return ""


def fault(kind, value):
    if kind == "command":
        return refused(value)
    api, version, name = KINDS[kind]
    try:
        if kind in SCHEMAS:
            path = export_util.GetSchemaPath(api, version, SCHEMAS[kind], for_help=False)
            yaml_validator.Validator(path).Validate(value)
        message = getattr(apis.GetMessagesModule(api, version), name)
        messages_util.DictToMessageWithErrorCheck(value, message)
    except Exception as error:  # what gcloud says, whatever its class
        return "%s: %s" % (type(error).__name__, error)
    return ""


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(fault(asked["kind"], asked["object"])), flush=True)

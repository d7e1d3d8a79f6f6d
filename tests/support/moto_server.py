"""Runs moto's server: moto_server.py PORT. It checks signatures against the address as it came; by itself moto looks at
the one that werkzeug gives, where %2F in a query is a slash already, and then refuses what AWS accepts."""
import sys

from flask import request
from moto.core.authorization import ActionAuthenticatorMixin
from moto.server import main

check = ActionAuthenticatorMixin._authenticate_and_authorize_action


def check_as_it_came(self, iam_request_cls, resource="*"):
    shown = self.uri
    self.uri = request.host_url.rstrip("/") + request.environ["RAW_URI"]
    try:
        check(self, iam_request_cls, resource)
    finally:
        self.uri = shown


ActionAuthenticatorMixin._authenticate_and_authorize_action = check_as_it_came
if len(sys.argv) > 1:
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])

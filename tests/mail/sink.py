"""A mail server that keeps nothing: tells on standard output what it is sent.

First a line with its port, then a JSON object for each attempt at the mail itself:
{"from", "to", "data", "answer", "tls", "user"}.

    sink.py [--port N] [--answer CODE] [--times N] [--hang | --stall] [--tls CERTIFICATE_FOLDER] [--login USER:PASSWORD] [--ascii]

--answer with --times: so many mails are answered with the code, later ones are taken; without --times all are.
--hang: takes the mail and closes the connection without a word. --stall: takes it and never answers. --tls: STARTTLS, with a new authority's
certificate in FOLDER/authority.pem. --login: mails are taken from this user only.
--ascii: without SMTPUTF8.
"""

import argparse
import asyncio
import base64
import json
import pathlib
import ssl
import sys

import trustme
from aiosmtpd.smtp import SMTP, AuthResult

TEXTS = {451: "451 try again later", 421: "421 closing", 550: "550 no such user", 554: "554 not wanted"}


class Sink:
    def __init__(self, options):
        self.answer = options.answer
        self.times = options.times
        self.hang = options.hang
        self.stall = options.stall

    async def handle_DATA(self, server, session, envelope):
        refused = self.answer and (self.times is None or self.times > 0)
        if refused and self.times is not None:
            self.times -= 1
        answer = TEXTS[self.answer] if refused else "250 taken"
        said = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.content.decode("utf-8"),
            "answer": answer,
            "tls": session.ssl is not None,
            "user": session.auth_data.login.decode() if session.auth_data else None,
        }
        print(json.dumps(said), flush=True)
        if self.hang:
            server.transport.abort()
        if self.stall:
            await asyncio.Event().wait()
        return answer


def tls(folder):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(pathlib.Path(folder, "authority.pem")))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def authenticator(login):
    user, password = (part.encode() for part in login.split(":", 1))

    def check(server, session, envelope, mechanism, data):
        # What it says repeats the password, as a bad server might.
        if (data.login, data.password) == (user, password):
            return AuthResult(success=True, auth_data=data)
        coded = base64.b64encode(b"\0" + data.login + b"\0" + data.password).decode()
        text = f"535 wrong password {data.password.decode()} {coded}"
        return AuthResult(success=False, handled=False, message=text)

    return check


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--answer", type=int)
    parser.add_argument("--times", type=int)
    parser.add_argument("--hang", action="store_true")
    parser.add_argument("--stall", action="store_true")
    parser.add_argument("--tls")
    parser.add_argument("--login")
    parser.add_argument("--ascii", action="store_true")
    options = parser.parse_args()
    sink = Sink(options)
    context = tls(options.tls) if options.tls else None
    login = authenticator(options.login) if options.login else None

    def talk():
        return SMTP(
            sink,
            enable_SMTPUTF8=not options.ascii,
            tls_context=context,
            require_starttls=context is not None,
            authenticator=login,
            auth_required=login is not None,
            auth_require_tls=login is not None,
        )

    server = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", options.port)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started this holds the other end: with them it ends.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())

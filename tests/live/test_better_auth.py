"""The real Better Auth, set up as docs/identity.md says: its samples compile, its tokens work."""

import re
import shutil
import subprocess
import time
from pathlib import Path
from uuid import UUID

import jwt
import pytest
import requests
import sqlalchemy as sa
from tools.databases import connect, new_database
from tools.npm import install, needs_npm
from tools.server import ROOT, environment, free_port

HERE = Path(__file__).with_name("better_auth")
DOCUMENT = (ROOT / "docs" / "identity.md").read_text()
# Each sample begins with the name of its file.
SAMPLES = dict(re.findall(r"^```ts\n// (\w+\.ts).*\n((?:.*\n)*?)```$", DOCUMENT, re.MULTILINE))
SETTINGS = re.search(r"^```sh\n(AUTH=jwt\n(?:.*\n)*?)```$", DOCUMENT, re.MULTILINE)[1]
# What the reader puts in the place of a comment.
COMMENT = "// … your database and ways to log in"
DATABASE_AND_LOG_IN = "database: new Pool(), emailAndPassword: { enabled: true },"
ADDRESS = "https://app.example"

# The first time, the packages are installed.
pytestmark = [pytest.mark.long, needs_npm, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def node_modules() -> Path:
    """The packages that package-lock.json pins, installed when they are first needed."""
    version = ["node", "--print", "parseInt(process.versions.node)"]
    if int(subprocess.check_output(version)) < 20:
        pytest.skip("Better Auth needs Node.js 20")
    home = ROOT / "var" / "better-auth"
    home.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, home)
    return install(home)


@pytest.fixture
def project(node_modules, tmp_path) -> Path:
    """A project with the samples in it as they are."""
    project = tmp_path / "better-auth"
    shutil.copytree(HERE, project)
    (project / "node_modules").symlink_to(node_modules)
    for name, sample in SAMPLES.items():
        (project / name).write_text(sample)
    return project


def tsc(project: Path, *options: str) -> None:
    command = ["node_modules/.bin/tsc", *options]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_samples_of_the_document_type_check(project):
    assert SAMPLES.keys() == {"auth.ts", "tasks.ts"}
    tsc(project, "--noEmit", "--strict")


def test_document_names_the_version_that_is_tried(node_modules):
    package = (node_modules / "better-auth" / "package.json").read_text()
    [named] = re.findall(r"Better Auth (\d+\.\d+\.\d+)", DOCUMENT)
    assert f'"version": "{named}"' in package


class BetterAuth:
    """A server of the sample, with a database of its own."""

    def __init__(self, project: Path, database_url: sa.URL) -> None:
        self.project = project
        self.database_url = database_url
        self.url = f"http://127.0.0.1:{free_port()}"
        # It lets in only pages of its own, and remembers who has logged in by a cookie.
        self.browser = requests.Session()
        self.browser.headers["Origin"] = self.url
        sample = SAMPLES["auth.ts"]
        assert sample.count(COMMENT) == sample.count(ADDRESS) == 1
        sample = sample.replace(COMMENT, DATABASE_AND_LOG_IN).replace(ADDRESS, self.url)
        (project / "auth.ts").write_text(f'import {{ Pool }} from "pg";\n{sample}')
        tsc(project)

    def start(self) -> None:
        address = self.database_url.translate_connect_args() | dict(self.database_url.query)
        names = {"username": "PGUSER", "database": "PGDATABASE"}
        settings = {names.get(key, f"PG{key.upper()}"): value for key, value in address.items()}
        self.process = subprocess.Popen(
            ["node", "server.js"],
            cwd=self.project,
            env=environment(**settings, BETTER_AUTH_SECRET="only for the tests, never a secret"),
        )
        while self.process.poll() is None:
            try:
                self.ask("get", "ok")
            except requests.ConnectionError:
                time.sleep(0.05)
            else:
                return
        pytest.fail("Better Auth ended")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)

    def ask(self, method: str, path: str, **body: str) -> dict:
        answer = self.browser.request(method, f"{self.url}/api/auth/{path}", json=body or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def token(self) -> str:
        return self.ask("get", "token")["token"]

    def kids(self) -> set[str]:
        return {key["kid"] for key in self.ask("get", "jwks")["keys"]}

    def rotate(self) -> str:
        """Let the key expire, as `rotationInterval` does, and return a token with a new one."""
        before = self.kids()
        with connect(self.database_url) as connection:
            connection.execute(sa.text('UPDATE jwks SET "expiresAt" = now()'))
        token = self.token()
        assert before < self.kids()
        return token


@pytest.fixture
def better_auth(project, database_url):
    with new_database(database_url) as own:
        server = BetterAuth(project, own)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def call(service, token, path):
    return requests.get(f"{service.url}{path}", headers={"Authorization": f"Bearer {token}"})


def test_token_of_better_auth_works_after_a_rotation_and_while_the_issuer_is_down(
    serve, on_database, better_auth
):
    settings = dict(line.split("=", 1) for line in SETTINGS.splitlines())
    settings = {key: value.replace(ADDRESS, better_auth.url) for key, value in settings.items()}
    service = serve(**on_database | settings, WEB_CONCURRENCY=1)

    ada = {"name": "Ada", "email": "ada@app.example", "password": "correct horse"}
    signed_up = better_auth.ask("post", "sign-up/email", **ada)
    user = signed_up["user"]["id"]
    assert str(UUID(user)) == user
    first = better_auth.token()
    assert jwt.get_unverified_header(first)["alg"] == "EdDSA"
    claims = jwt.decode(first, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert call(service, first, "/api/me").json() == {"user_id": user}
    assert call(service, first, f"/api/{user}/tasks").json() == []
    assert call(service, signed_up["token"], "/api/me").status_code == 401

    second = better_auth.rotate()
    refused = call(service, second, "/api/me")
    # The service has asked for keys a moment ago, and says when it may ask again.
    assert refused.status_code == 503
    assert call(service, first, "/api/me").status_code == 200
    time.sleep(int(refused.headers["Retry-After"]))
    assert call(service, second, "/api/me").json() == {"user_id": user}

    third = better_auth.rotate()
    better_auth.stop()
    assert [call(service, token, "/api/me").status_code for token in (first, second)] == [200, 200]
    refused = call(service, third, "/api/me")
    assert (refused.status_code, refused.headers["Retry-After"].isdigit()) == (503, True)

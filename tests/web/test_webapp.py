"""The pages as an app: what a phone asks of the server before anybody is without coverage."""

import re

from flask.testing import FlaskClient

from meldingen.web.static_files import MODULES, modules_version, static_url

from .conftest import World


def test_scripts_that_import_each_other_share_one_version(world: World, client: FlaskClient) -> None:
    with world.app.test_request_context():
        address = static_url(f"{MODULES}concept.js")
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200 and answer.mimetype == "text/javascript"
    assert "immutable" in answer.headers["Cache-Control"] and answer.headers["Content-Encoding"] == "gzip"
    imported = re.findall(r'from "\./(\w+\.js)"', client.get(address).text)
    assert imported, "concept.js stands on another script"
    for name in imported:
        assert "export" in client.get(address.replace("concept.js", name)).text
    assert client.get(address.replace(modules_version(), "0123456789")).status_code == 404

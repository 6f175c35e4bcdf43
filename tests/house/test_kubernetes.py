"""The manifests of docker/kubernetes keep to Haven's habits and to our own settings, parts and doors.

Their shape against the schema of Kubernetes was checked by hand (docs/kubernetes.md); a cluster is not at hand here.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from meldingen.cli import main
from meldingen.settings import VARIABLES, Settings

HERE = Path(__file__).resolve().parent.parent.parent / "docker" / "kubernetes"
SECRET = {
    "DATABASE_URL": "postgresql://meldingen@database/meldingen",
    "REDIS_URL": "redis://:geheim@wachtrij:6379/0",
    "SECRET_KEYS": "een geheim van meer dan twee en dertig tekens",
    "SMTP_URL": "smtp://post:587?starttls=1",
    "S3_ACCESS_KEY": "sleutel",
    "S3_SECRET_KEY": "geheim",
}


def read(name: str) -> list[dict[str, Any]]:
    return [part for part in yaml.safe_load_all((HERE / name).read_text(encoding="utf-8")) if part]


def listed() -> list[dict[str, Any]]:
    """Everything that the two kustomizations apply."""
    (all_of_it,), (before,) = read("kustomization.yaml"), read("migratie/kustomization.yaml")
    names = [*all_of_it["resources"], *(f"migratie/{name}" for name in before["resources"])]
    return [part for name in names for part in read(name)]


PARTS = listed()
DEPLOYMENTS = [part for part in PARTS if part["kind"] == "Deployment"]
PODS = [part for part in PARTS if part["kind"] in ("Deployment", "Job")]
names = [part["metadata"]["name"] for part in PODS]


def test_every_file_is_applied() -> None:
    loose = {path.name for path in HERE.rglob("*.yaml")} - {"kustomization.yaml", "migratie.yaml"}
    (all_of_it,) = read("kustomization.yaml")
    assert loose == set(all_of_it["resources"])


@pytest.mark.parametrize("part", PODS, ids=names)
def test_a_pod_has_no_more_than_it_needs(part: dict[str, Any]) -> None:
    pod = part["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not pod["automountServiceAccountToken"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]) == {"requests", "limits"} and "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("part", DEPLOYMENTS, ids=[part["metadata"]["name"] for part in DEPLOYMENTS])
def test_a_part_outlives_a_node(part: dict[str, Any]) -> None:
    """Several of each, spread, never all taken down at once, and looked after."""
    name, spec = part["metadata"]["name"], part["spec"]
    budgets = {
        budget["metadata"]["name"]: budget["spec"] for budget in PARTS if budget["kind"] == "PodDisruptionBudget"
    }
    assert spec["replicas"] >= 2 and spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert budgets[name]["maxUnavailable"] == 1
    labels = spec["template"]["metadata"]["labels"]
    spread = spec["template"]["spec"]["topologySpreadConstraints"]
    for selector in (spec["selector"], budgets[name]["selector"], spread[0]["labelSelector"]):
        assert selector["matchLabels"] == labels
    assert "livenessProbe" in spec["template"]["spec"]["containers"][0]


def test_the_probes_are_doors_of_ours_and_alive_asks_nothing_of_others() -> None:
    (api,) = [part for part in DEPLOYMENTS if part["metadata"]["name"] == "api"]
    (container,) = api["spec"]["template"]["spec"]["containers"]
    asked = {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    assert asked == {"startup": "/gezond/leeft", "liveness": "/gezond/leeft", "readiness": "/gezond/klaar"}


@pytest.mark.parametrize("part", PODS, ids=names)
def test_each_pod_starts_a_command_that_exists(part: dict[str, Any]) -> None:
    (container,) = part["spec"]["template"]["spec"]["containers"]
    name, *options = container["args"]
    command = main.commands[name]
    command.make_context(name, options)  # parses them, runs nothing


def test_what_is_set_exists_and_starts_with_the_secret() -> None:
    (settings,) = [part for part in PARTS if part["kind"] == "ConfigMap"]
    given = {**settings["data"], **SECRET}
    assert set(given) <= {variable.name for variable in VARIABLES}
    assert Settings.from_env(given).s3_bucket


def test_only_the_ingress_and_the_meters_come_in() -> None:
    rules = {part["metadata"]["name"]: part["spec"] for part in PARTS if part["kind"] == "NetworkPolicy"}
    assert rules["niets-vanzelf"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    doors = [rule for spec in rules.values() for rule in spec.get("ingress", [])]
    assert len(doors) == 1 and all("namespaceSelector" in source for source in doors[0]["from"])

from __future__ import annotations

import itertools

import pytest

from scr_modelops import Client, Conflict, Invalid, NotFound, ServiceWarning

from .conftest import LOGREG, NEWER, SAMPLE


def test_a_model_from_deploying_to_deleting(client: Client) -> None:
    told: list[str] = []
    made = client.models.deploy(
        "py-story", LOGREG, wait=True, tell=told.append, window="30s", env={"A": "1"}
    )
    assert (made.ready, made.phase) == (True, "Ready")
    assert made.data["scaling"]["window"] == "30s"
    assert made.data["env"] == [{"name": "A", "value": "1"}]
    assert told and told[-1].endswith("serves as asked for on 1 pod")

    with pytest.warns(ServiceWarning) as warned:
        changed = client.models.update("py-story", max_scale=3, wait=True)
    assert any("makes a new revision" in str(one.message) for one in warned)
    assert (changed.data["scaling"]["maxScale"], changed.data["scaling"]["window"]) == (3, "30s")
    assert "listening on port" in client.models.logs("py-story")
    assert client.models.pods("py-story")
    assert client.models.events("py-story")

    client.models.delete("py-story", wait=True)
    with pytest.raises(NotFound):
        client.models.get("py-story")


def test_fields_that_a_deploy_puts_back_to_their_defaults_are_warned_of(client: Client) -> None:
    client.models.deploy("py-reset", LOGREG, wait=True, max_scale=3)
    with pytest.warns(ServiceWarning) as warned:
        client.models.deploy("py-reset", LOGREG, wait=True)
    assert any("maxScale" in str(one.message) for one in warned)
    client.models.delete("py-reset")


def test_a_version_beside_the_one_that_serves(client: Client) -> None:
    name = "py-ab"
    client.models.deploy(name, LOGREG, wait=True)
    challenger = client.models.challenger(name, NEWER, wait=True)
    assert (challenger.percent, list(challenger.tags)) == (0, ["challenger"])
    assert len(client.models.revisions(name)) == 2

    comparison = client.models.compare(name, SAMPLE, worst=1)
    assert (comparison.rows, comparison.compared, len(comparison.worst)) == (200, 200, 1)
    assert "P_BAD1" in str(comparison)

    shared = client.models.traffic(name, {f"{name}-00001": 80, "challenger": 20}, wait=True)
    assert [(row.revision, row.percent) for row in shared.rows] == [
        (f"{name}-00001", 80), (f"{name}-00002", 20)]
    alone = client.models.traffic(name, {f"{name}-00001": 100}, wait=True)
    assert [(row.percent, row.tag) for row in alone.rows] == [(100, ""), (0, "challenger")]
    client.models.rollback(name, wait=True)

    promoted = client.models.promote(name, wait=True)
    assert [row.revision for row in promoted.rows if row.percent == 100] == [f"{name}-00002"]
    back = client.models.rollback(name, wait=True)
    assert [row.percent for row in back.rows] == [80, 20]

    with pytest.raises(Conflict) as raised:
        client.models.delete_revision(name, f"{name}-00001")
    assert raised.value.remedy
    client.models.traffic(
        name, [{"revision": f"{name}-00002", "percent": 100, "tag": "champion"}], wait=True
    )
    client.models.delete_revision(name, f"{name}-00001", forget=True)
    assert [one.name for one in client.models.revisions(name)] == [f"{name}-00002"]
    client.models.delete(name)


def test_lists_print_as_tables_and_in_notebooks_as_html(client: Client, hmeq: str) -> None:
    models = client.models.list()
    lines = str(models).splitlines()
    assert lines[0].split()[:2] == ["NAME", "IMAGE"]
    assert any(line.split()[:2] == [hmeq, LOGREG] for line in lines)
    assert f"<td>{hmeq}</td>" in models._repr_html_()


def test_html_of_a_table_is_escaped(client: Client, hmeq: str) -> None:
    models = client.models.list()
    object.__setattr__(models[0], "summary", "<script>")
    assert "<script>" not in models._repr_html_()


def test_lines_of_a_log_are_followed(client: Client, hmeq: str, grade: str) -> None:
    client.score(hmeq, {name: None for name in (
        "CLAGE CLNO DEBTINC DELINQ DEROG JOB LOAN MORTDUE NINQ REASON VALUE YOJ".split())})
    lines = list(itertools.islice(client.models.logs(hmeq, follow=True), 1))
    assert len(lines) == 1


def test_a_field_that_is_not_known_is_refused_with_the_nearest(client: Client) -> None:
    with pytest.raises(Invalid) as raised:
        client.models.deploy("py-none", LOGREG, discription="x")
    assert raised.value.fields[0]["field"] == "discription"
    assert "description" in raised.value.remedy
    assert raised.value.title == "request invalid"


def test_an_image_that_fails_for_good_says_why(client: Client) -> None:
    with pytest.raises(Invalid, match="image not found") as raised:
        client.models.deploy("py-gone", "registry.demo/sr_hmeq_logreg:1.0-missing", wait=True)
    assert raised.value.status == 422
    client.models.delete("py-gone")


def test_the_signature_gives_dtypes_for_read_csv(client: Client, grade: str) -> None:
    signature = client.models.signature(grade)
    assert signature.dtypes == {"REGION": "string", "ACCOUNT": "string"}
    assert [one.name for one in signature.inputs] == ["INCOME", "DEBT", "REGION", "ACCOUNT"]

"""What a user of the official Python client does with a cluster; a line for each step that went as it should."""
import json
import os
import time

from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException

config.load_kube_config()
namespace, name, image = os.environ["NAMESPACE"], os.environ["NAME"], os.environ["IMAGE"]
objects, core = client.CustomObjectsApi(), client.CoreV1Api()
kind = {"group": "serving.knative.dev", "version": "v1", "namespace": namespace}
services, revisions = {**kind, "plural": "services"}, {**kind, "plural": "revisions"}
own = f"serving.knative.dev/service={name}"


def ksvc(tag):
    return {
        "apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": name, "labels": {"py": name}},
        "spec": {"template": {"spec": {"containers": [{"image": f"{image}:{tag}"}]}}},
    }


def is_ready(service):
    status = service.get("status", {})
    conditions = {one["type"]: one["status"] for one in status.get("conditions", [])}
    return conditions.get("Ready") == "True" and status["observedGeneration"] == service["metadata"]["generation"]


def until_ready():
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        stream = watch.Watch()
        for event in stream.stream(objects.list_namespaced_custom_object, **services, label_selector=f"py={name}", timeout_seconds=10):
            if event["type"] in ("ADDED", "MODIFIED") and is_ready(event["object"]):
                stream.stop()
                return
    raise SystemExit("not ready within 60 s")


def revision_numbers():
    items = objects.list_namespaced_custom_object(**revisions, label_selector=own)["items"]
    return " ".join(sorted(item["metadata"]["name"].removeprefix(f"{name}-") for item in items))


def refused(call):
    try:
        call()
        return "not refused"
    except ApiException as error:
        return f"{error.status} {json.loads(error.body)['reason']}"


made = objects.create_namespaced_custom_object(**services, body=ksvc("1.0"))
creator = "set" if made["metadata"]["annotations"]["serving.knative.dev/creator"] else "missing"
print(f"created: generation {made['metadata']['generation']}, creator {creator}")
print("listed by label:", len(objects.list_namespaced_custom_object(**services, label_selector=f"py={name}")["items"]))
until_ready()
print("ready, seen by a watch")
pods = [pod for pod in core.list_namespaced_pod(namespace, label_selector=own).items if pod.metadata.deletion_timestamp is None]
ready = all(status.ready for pod in pods for status in pod.status.container_statuses if status.name == "user-container")
print(f"pods: {len(pods)} of this model, with user-container {'ready' if ready else 'unready'}")
print("log:", "some" if core.read_namespaced_pod_log(pods[0].metadata.name, namespace, container="user-container") else "none")
print("revisions:", revision_numbers())

old = objects.get_namespaced_custom_object(**services, name=name)
merge = {"metadata": {"labels": {"merged": "yes"}}, "spec": ksvc("2.0")["spec"]}
patched = objects.patch_namespaced_custom_object(**services, name=name, body=merge)
image_now = patched["spec"]["template"]["spec"]["containers"][0]["image"]
print(f"merge patch: label {'set' if patched['metadata']['labels'].get('merged') == 'yes' else 'missing'}, image {image_now.rpartition(':')[2]}")
operations = [{"op": "add", "path": "/metadata/labels/json", "value": "yes"}]
patched = objects.patch_namespaced_custom_object(**services, name=name, body=operations, _content_type="application/json-patch+json")
print("JSON patch: label", "set" if patched["metadata"]["labels"].get("json") == "yes" else "missing")


def applied_by_another():
    objects.patch_namespaced_custom_object(
        **services, name=name, body=ksvc("1.0"), field_manager="another", _content_type="application/apply-patch+yaml")


print("server-side apply by another manager:", refused(applied_by_another))
print("replace with an old version:", refused(lambda: objects.replace_namespaced_custom_object(**services, name=name, body=old)))
until_ready()
print("revisions:", revision_numbers())
objects.delete_namespaced_custom_object(**revisions, name=f"{name}-00001")
print("revision 00001", "deleted" if "00001" not in revision_numbers() else "is still there")
print("absent:", refused(lambda: objects.get_namespaced_custom_object(**services, name="nosuch")))
objects.delete_namespaced_custom_object(**services, name=name)
print("deleted:", "gone" if refused(lambda: objects.get_namespaced_custom_object(**services, name=name)) == "404 NotFound" else "still there")

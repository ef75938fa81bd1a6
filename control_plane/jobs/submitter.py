"""Plans a Flink job, or submits a planned one, in a separate program because both need PyFlink's JVM.

`plan` imports the job from the code that PYTHONPATH names first, and writes `plan.json` and the job graph.
`submit` needs neither the job's code nor the planner, so it takes 2 s where planning takes 15 s.
"""

import json
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from pyflink.java_gateway import get_gateway

KEYED = ("OneInputTransformation", "TwoInputTransformation")


def plan(name: str, folder: Path, graph: Path) -> None:
    """Plan the job's SQL as a job graph, and write down its operators."""
    java_environment = attached(name)._j_stream_execution_environment
    steps = [_step(above) for above in _walk(java_environment.getTransformations()) if above.getUid()]
    (folder / "plan.json").write_text(json.dumps(steps, indent=2), "utf-8")
    jvm = get_gateway().jvm
    stream_graph = java_environment.getStreamGraph(False)
    job_graph = stream_graph.getJobGraph(_class_loader(), jvm.org.apache.flink.api.common.JobID())
    graph.write_bytes(jvm.org.apache.flink.util.InstantiationUtil.serializeObject(job_graph))


def attached(name: str) -> Any:
    """Return the Flink environment with the job of this name, configured by environment variables."""
    module = import_module(f"flink_jobs.{name}.job")
    if hasattr(module, "JOB"):
        return module.JOB.attach(module.JOB.settings())[0]
    # A rollback may run a release that was kept before flink_jobs/runtime existed.
    settings = getattr(import_module(f"flink_jobs.{name}.settings"), _settings_class(name))
    return module.attach(settings())[0]


def submit(graph: Path, job_id: str, origin: str) -> None:
    """Run a planned job under this id, from this savepoint or checkpoint if given."""
    flink = get_gateway().jvm.org.apache.flink
    data = flink.util.FileUtils.readAllBytes(get_gateway().jvm.java.io.File(str(graph)).toPath())
    job_graph = flink.util.InstantiationUtil.deserializeObject(data, _class_loader())
    job_graph.setJobID(flink.api.common.JobID.fromHexString(job_id))
    for jar in os.environ["FLINK_CONNECTOR_JARS"].split(":"):
        job_graph.addJar(flink.core.fs.Path(Path(jar).as_uri()))
    if origin:
        restore = flink.runtime.jobgraph.SavepointRestoreSettings
        job_graph.setSavepointRestoreSettings(restore.forPath(origin, False))
    client = _client(flink, os.environ["FLINK_REST_URL"])
    client.submitJob(job_graph).get()
    client.close()


def _client(flink: Any, url: str) -> Any:
    host, _, port = url.rpartition("/")[2].partition(":")
    options = flink.configuration.Configuration()
    options.setString("rest.address", host)
    options.setString("rest.port", port)
    cluster = flink.client.deployment.StandaloneClusterId.getInstance()
    return flink.client.program.rest.RestClusterClient(options, cluster)


def _settings_class(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_")) + "Settings"


def _walk(sinks: Any) -> Iterator[Any]:
    """Yield every transformation above the sinks, once."""
    queue, seen = list(sinks), set()
    for transformation in queue:
        if transformation.getId() not in seen:
            seen.add(transformation.getId())
            yield transformation
            queue.extend(transformation.getInputs())


def _step(transformation: Any) -> dict[str, Any]:
    kind = transformation.getClass().getSimpleName()
    key = transformation.getStateKeyType() if kind in KEYED else None
    return {
        "uid": transformation.getUid(),
        "name": transformation.getName(),
        "kind": kind,
        "key": key.toString() if key is not None else "",
        "inputs": [feeder.getOutputType().toString() for feeder in transformation.getInputs()],
        "output": transformation.getOutputType().toString(),
        "description": transformation.getDescription(),
    }


def _class_loader() -> Any:
    return get_gateway().jvm.Thread.currentThread().getContextClassLoader()


if __name__ == "__main__":
    if sys.argv[1] == "plan":
        plan(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        submit(Path(sys.argv[2]), sys.argv[3], sys.argv[4])

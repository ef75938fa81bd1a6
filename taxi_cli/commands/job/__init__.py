"""`./taxi job`: the life cycle of the Flink jobs, on the local stack or on AWS' managed service."""

import typer

from taxi_cli.verbs import Verb, VerbGroup

LIFE, RELEASES, VERSIONS = "Life cycle", "Releases", "Versions side by side"


class JobVerbs(VerbGroup):
    """The commands of `./taxi job`."""

    verbs = (
        Verb(
            "deploy",
            "taxi_cli.commands.job.deploy:deploy",
            "Start the job from its newest savepoint or checkpoint; without one, from the topic's start.",
            LIFE,
        ),
        Verb(
            "status",
            "taxi_cli.commands.job.life:status",
            "Show the health of the job; exit 1 unless it runs.",
            LIFE,
        ),
        Verb(
            "ensure",
            "taxi_cli.commands.job.life:ensure",
            "Restart the job from its newest state if it is gone; exit 0 if it was not, 3 if it was.",
            LIFE,
        ),
        Verb(
            "savepoint",
            "taxi_cli.commands.job.life:savepoint",
            "Take a savepoint of the running job, which is kept; print its path.",
            LIFE,
        ),
        Verb(
            "stop",
            "taxi_cli.commands.job.life:stop",
            "Stop the job; the next deploy resumes where it stopped.",
            LIFE,
        ),
        Verb(
            "upgrade",
            "taxi_cli.commands.job.releases:upgrade",
            "Upgrade the job to the code of this tree by savepoint; exit 1 after a failure and rollback.",
            RELEASES,
        ),
        Verb(
            "rollback",
            "taxi_cli.commands.job.releases:rollback",
            "Roll back to the previous release, from the savepoint that the upgrade took.",
            RELEASES,
        ),
        Verb(
            "releases",
            "taxi_cli.commands.job.releases:releases",
            "List the releases of the job, and the savepoints taken from each.",
            RELEASES,
        ),
        Verb(
            "prune",
            "taxi_cli.commands.job.releases:prune",
            "Remove the releases, savepoints and checkpoints that are no longer needed.",
            RELEASES,
        ),
        Verb(
            "package",
            "taxi_cli.commands.job.package:package",
            "Write the code zip for an application of the managed service.",
            RELEASES,
        ),
        Verb(
            "beside",
            "taxi_cli.commands.job.versions:beside",
            "Deploy a version side by side: the former name of `job deploy --side-by-side`.",
            VERSIONS,
            is_hidden=True,
        ),
        Verb(
            "switch",
            "taxi_cli.commands.job.versions:switch",
            "Serve another version in taxi.*, all tables at once; every version keeps running.",
            VERSIONS,
        ),
        Verb(
            "retire",
            "taxi_cli.commands.job.versions:retire",
            "Stop a version that is not served, and remove its tables and its state.",
            VERSIONS,
        ),
        Verb(
            "versions",
            "taxi_cli.commands.job.versions:versions",
            "List the versions, the health of each, and which one is served.",
            VERSIONS,
        ),
    )


app = typer.Typer(
    cls=JobVerbs, no_args_is_help=True, help="Deploy, monitor, upgrade and stop the Flink jobs."
)

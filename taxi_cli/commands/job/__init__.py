"""`./taxi job`: the life cycle of the Flink jobs, on the local stack or on AWS' managed service."""

import typer

from taxi_cli.verbs import Verb, VerbGroup

LIFE, RELEASES, VERSIONS = "Life", "Releases", "Versions side by side"


class JobVerbs(VerbGroup):
    """The commands of `./taxi job`."""

    verbs = (
        Verb(
            "deploy",
            "taxi_cli.commands.job.life:deploy",
            "Start the job from its newest savepoint or checkpoint; without one, from the topic's start.",
            LIFE,
        ),
        Verb(
            "status",
            "taxi_cli.commands.job.life:status",
            "Say how the job does; exit 1 unless it runs.",
            LIFE,
        ),
        Verb(
            "ensure",
            "taxi_cli.commands.job.life:ensure",
            "Bring a lost job back from its newest state; exit 0 when it was there, 3 when it was not.",
            LIFE,
        ),
        Verb(
            "savepoint",
            "taxi_cli.commands.job.life:savepoint",
            "Have the running job leave a savepoint, which is kept; print its path.",
            LIFE,
        ),
        Verb(
            "stop",
            "taxi_cli.commands.job.life:stop",
            "Stop the job; the next deploy goes on where it stopped.",
            LIFE,
        ),
        Verb(
            "upgrade",
            "taxi_cli.commands.job.releases:upgrade",
            "Go over to the code of this tree by savepoint; exit 1 after rolling back what fails.",
            RELEASES,
        ),
        Verb(
            "rollback",
            "taxi_cli.commands.job.releases:rollback",
            "Return to the release before, from the savepoint that the upgrade took.",
            RELEASES,
        ),
        Verb(
            "releases",
            "taxi_cli.commands.job.releases:releases",
            "List what the job was made of, and the savepoints taken from it.",
            RELEASES,
        ),
        Verb(
            "prune",
            "taxi_cli.commands.job.releases:prune",
            "Remove the releases, savepoints and checkpoints that nothing needs any more.",
            RELEASES,
        ),
        Verb(
            "package",
            "taxi_cli.commands.job.package:package",
            "Write the code zip that an application of the managed service is made of.",
            RELEASES,
        ),
        Verb(
            "beside",
            "taxi_cli.commands.job.versions:beside",
            "Run other code as a version of its own from the start of the topic, wait for it, and compare.",
            VERSIONS,
        ),
        Verb(
            "switch",
            "taxi_cli.commands.job.versions:switch",
            "Show another version to the readers of taxi.*, all tables at once; every version runs on.",
            VERSIONS,
        ),
        Verb(
            "retire",
            "taxi_cli.commands.job.versions:retire",
            "Stop a version that nobody reads, and remove its tables and its state.",
            VERSIONS,
        ),
        Verb(
            "versions",
            "taxi_cli.commands.job.versions:versions",
            "List the versions, how each does, and which is served.",
            VERSIONS,
        ),
    )


app = typer.Typer(cls=JobVerbs, no_args_is_help=True, help="The life of the Flink jobs.")

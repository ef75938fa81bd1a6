#!/bin/sh
# MWAA runs this script first in each container. It supports Airflow's options but no environment variables, so this
# exports the options of the section `taxi` to every task under the names that the programs read.
home=${AIRFLOW_HOME:-/usr/local/airflow}
for name in $(env | sed -n 's/^AIRFLOW__TAXI__\([A-Z0-9_]*\)=.*/\1/p'); do
    eval "export $name=\"\$AIRFLOW__TAXI__$name\""
done
export TAXI_HOME="$home/taxi" TAXI_CACHE_DIR="$home/taxi/cache" TAXI_COMMAND="$home/taxi/bin/taxi"

# The command has its own packages: a version that Airflow requires or changes does not affect it.
mkdir -p "$home/taxi/bin"
cat >"$TAXI_COMMAND" <<COMMAND
#!/bin/sh
PYTHONPATH="$home/plugins/taxi" exec python3 -m taxi_cli "\$@"
COMMAND
chmod +x "$TAXI_COMMAND"

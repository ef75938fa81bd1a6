#!/bin/sh
# AWS' Airflow runs this first in each of its containers. It knows Airflow's options and no variables: the options
# of the section `taxi` are here given to every task by the names that programs read.
home=${AIRFLOW_HOME:-/usr/local/airflow}
for name in $(env | sed -n 's/^AIRFLOW__TAXI__\([A-Z0-9_]*\)=.*/\1/p'); do
    eval "export $name=\"\$AIRFLOW__TAXI__$name\""
done
export TAXI_HOME="$home/taxi" TAXI_CACHE_DIR="$home/taxi/cache" TAXI_COMMAND="$home/taxi/bin/taxi"

# Its packages are its own: no version that Airflow wants, or changes, is in its way.
mkdir -p "$home/taxi/bin"
cat >"$TAXI_COMMAND" <<COMMAND
#!/bin/sh
PYTHONPATH="$home/plugins/taxi" exec python3 -m taxi_cli "\$@"
COMMAND
chmod +x "$TAXI_COMMAND"

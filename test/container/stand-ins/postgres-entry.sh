# Makes the cluster at the first start: the owner as superuser by password, and a database.
set -eu
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
chown postgres:postgres "$PGDATA" /var/run/postgresql
chmod 700 "$PGDATA"
if ! [ -s "$PGDATA/PG_VERSION" ]; then
  [ -z "${POSTGRES_PASSWORD_FILE:-}" ] || POSTGRES_PASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")"
  (umask 077 && printf %s "$POSTGRES_PASSWORD" > /tmp/password && chown postgres /tmp/password)
  as_postgres initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust ${POSTGRES_INITDB_ARGS:-} > /dev/null
  rm /tmp/password
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  as_postgres pg_ctl --wait start --options="-c listen_addresses=''" > /dev/null
  as_postgres createdb --username="$POSTGRES_USER" --host=/var/run/postgresql "$POSTGRES_DB"
  as_postgres pg_ctl --wait stop > /dev/null
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@" -c listen_addresses='*'

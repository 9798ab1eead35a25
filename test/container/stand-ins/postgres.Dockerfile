# Debian's PostgreSQL behind the parts of the official image's interface that Compose files of ours use.
ARG BASE
FROM ${BASE}
RUN apt-get update -q && apt-get install -qy --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/* \
 && usermod -u 999 postgres && groupmod -g 999 postgres \
 && mkdir -p /var/lib/postgresql/data && ln -s /usr/lib/postgresql/*/bin /usr/local/pgsql
ENV PATH=/usr/local/pgsql:$PATH PGDATA=/var/lib/postgresql/data
COPY postgres-entry.sh /entry.sh
ENTRYPOINT ["sh", "/entry.sh"]
CMD ["postgres"]

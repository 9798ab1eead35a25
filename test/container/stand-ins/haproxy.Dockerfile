# Debian's HAProxy under the user, the folder and the command of the official image, with socat as that has it since 3.2.8.
ARG BASE
FROM ${BASE}
RUN apt-get update -q && apt-get install -qy --no-install-recommends haproxy socat && rm -rf /var/lib/apt/lists/* \
 && usermod -u 99 haproxy && groupmod -g 99 haproxy && mkdir -p /usr/local/etc/haproxy
STOPSIGNAL SIGUSR1
USER haproxy
CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]

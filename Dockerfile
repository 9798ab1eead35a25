# Slipway's one image: the server with the built console and the agents of this repository.
#
#   docker build -t slipway --build-arg SLIPWAY_RELEASE="$(git rev-parse --short HEAD)" .
#
# Needs BuildKit, the default builder since Docker 23 (before: DOCKER_BUILDKIT=1). Podman and kaniko build it too.
#
# The base is pinned by tag. To pin the bytes as well, pass the digest that your registry shows for it:
#   --build-arg NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:<digest>
# A mirror is named the same way. The digest is no default because not every network that builds this image can pull it.
#
# A private npm registry: --secret id=npmrc,src=$HOME/.npmrc, and --secret id=npmca,src=<ca.pem> when its `cafile` is
# /run/secrets/npmca. Both are mounted for the length of one command and reach no layer.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

# The manifests alone, so that a change of code does not install packages again.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY contracts/package.json contracts/
COPY server/package.json server/
COPY console/package.json console/
COPY deploy/package.json deploy/

FROM manifests AS built
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=npmca \
    npm ci --ignore-scripts --workspace console --workspace server --workspace contracts
COPY tsconfig.json ./
COPY contracts/src contracts/src
COPY console console
RUN npm run build --workspace console
COPY tools/bundle tools/bundle
COPY server/src server/src
RUN node tools/bundle/build-server.ts

# The packages of the server and nothing else. What it uses of them is in its bundle: they are there for agents that import
# them, and for scanners to see what is inside. Types and source maps are for whoever develops. The embedded database stays out:
# in a container its files go with the container, so the image wants DATABASE_URL.
FROM manifests AS dependencies
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=npmca \
    npm ci --ignore-scripts --omit=dev --workspace server --workspace contracts \
 && rm -rf node_modules/@electric-sql node_modules/@slipway node_modules/.package-lock.json node_modules/.bin \
 && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.map' -o -name '*.test.ts' \) -delete

FROM ${NODE_IMAGE} AS app
# No package manager in what runs: it is the part of the base that scanners report and that an intruder would use.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
           /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn*
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY server/package.json server/
COPY server/src/store/migrations server/src/store/migrations
COPY agents agents
COPY --from=built /app/server/dist server/dist
COPY --from=built /app/console/dist console/dist
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8080 \
    AGENTS_DIR=/app/agents \
    NODE_COMPILE_CACHE=/app/.compile-cache

# Node keys its compile cache by path, version and user id, so it is warmed at the same path, by the user that will run.
FROM app AS warm
RUN mkdir .compile-cache && chown 1000:1000 .compile-cache
USER 1000:1000
# V8 takes code from a cache only under the flags that it was made with. Node writes its cache readable by its owner only.
RUN node --min-semi-space-size=32 --max-semi-space-size=32 --no-memory-reducer server/dist/main.mjs warm && chmod -R a+rX .compile-cache

FROM app
ARG SLIPWAY_RELEASE=dev
ENV SLIPWAY_RELEASE=${SLIPWAY_RELEASE}
LABEL org.opencontainers.image.title="slipway" \
      org.opencontainers.image.description="The platform that AI agents run on" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${SLIPWAY_RELEASE}"
# Owned by root: the server may read its cache and cannot change what it will run.
COPY --from=warm --chown=0:0 /app/.compile-cache .compile-cache
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["node", "-e", "require('node:http').get({ port: process.env.PORT, path: '/health', timeout: 2000 }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('timeout', () => process.exit(1)).on('error', () => process.exit(1))"]
# Exec form: the server is process 1 and gets SIGTERM itself. It handles the signal and starts no grandchildren, so no init is needed.
CMD ["node", "--min-semi-space-size=32", "--max-semi-space-size=32", "--no-memory-reducer", "server/dist/main.mjs"]

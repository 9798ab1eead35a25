import assert from "node:assert/strict";
import { test } from "node:test";
import { baseOf, mirrorOf } from "./base-image.ts";
import { npmrcForBuild, tracesOf } from "./build-image.ts";
import { imagesOf } from "./compose-stack.ts";
import { packagesAmong } from "./image-content.ts";

test("the base's tag tells the Node version and the Debian suite", () => {
  assert.deepEqual(baseOf("# x\nARG NODE_IMAGE=node:24.21.0-bookworm-slim\nFROM ${NODE_IMAGE}\n"), {
    tag: "node:24.21.0-bookworm-slim",
    nodeVersion: "24.21.0",
    suite: "bookworm",
  });
});

test("a base that moves or has another form is refused", () => {
  assert.throws(() => baseOf("ARG NODE_IMAGE=node:24-bookworm-slim\n"));
  assert.throws(() => baseOf("FROM node:24.21.0-bookworm-slim\n"));
});

test("the mirror is the machine's own Debian archive, never its security archive", () => {
  const targets =
    "http://mirror.example/debian-security/\nhttp://mirror.example/debian/\nhttps://other.example/node/\n";
  assert.equal(mirrorOf(targets), "http://mirror.example/debian/");
  assert.equal(mirrorOf(""), "http://deb.debian.org/debian");
});

test("a build's .npmrc holds what reaches the registry and nothing else of the user's", () => {
  const own =
    "//npm.example/:_authToken=${TOKEN}\ninit-author-name=Someone\nsave-exact=true\n@acme:registry=https://npm.example/\n";
  assert.equal(
    npmrcForBuild(own, "https://npm.example/", true, { TOKEN: "s3cret" }),
    "//npm.example/:_authToken=s3cret\n@acme:registry=https://npm.example/\nregistry=https://npm.example/\ncafile=/run/secrets/npmca\n",
  );
});

test("traces are tokens and hosts that are not everybody's", () => {
  const npmrc =
    "//npm.example/:_authToken=s3cret\nregistry=https://npm.example:8443/x/\n@a:registry=https://registry.npmjs.org/\n";
  assert.deepEqual(tracesOf(npmrc).sort(), ["npm.example", "s3cret"]);
  assert.deepEqual(tracesOf("registry=https://registry.npmjs.org/\n"), []);
});

test("a package is found by its folder, not by a part of another's name", () => {
  const paths = [
    "/app/node_modules/react-dom",
    "/app/node_modules/@scope/x/index.js",
    "/app/node_modules/a/node_modules/vite",
  ];
  assert.deepEqual(packagesAmong(paths, ["react", "react-dom", "@scope/x", "vite", "x"]), [
    "react-dom",
    "@scope/x",
    "vite",
  ]);
});

test("the images of Compose are read with their default versions", () => {
  const images = imagesOf(
    "    image: postgres:${POSTGRES_VERSION:-17-bookworm}\n    image: redis:${REDIS_VERSION:-8-bookworm}\n",
  );
  assert.deepEqual([...images.values()], ["postgres:17-bookworm", "redis:8-bookworm"]);
});

import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";
import { END_OF_LIFE } from "./data/end-of-life.ts";

/** Tags that mean another image tomorrow. */
const MOVING = /^(latest|stable|edge|nightly|main|master|dev|develop|current|lts|alpine|slim|prod|production|staging)$/;

/** Rules about the images that are run and built on, wherever they are named. */
export const IMAGE_RULES: readonly Rule[] = [
  rule(
    "image",
    {
      id: "image-moving-tag",
      severity: "error",
      what: "The image is named by a tag that moves.",
      why: "What runs tomorrow is not what was tested today, two replicas may differ, and there is nothing to roll back to.",
      fix: "Name the version and its digest: name:1.2.3@sha256:…",
      source: REFERENCES.images,
    },
    ({ ref, file, line }, say) => {
      const { tag, digest, open } = parts(ref);
      if (digest || open || ref === "") return;
      if (tag === "") say({ file, line }, { message: `${ref} has no tag, which means :latest.` });
      else if (MOVING.test(tag)) say({ file, line }, { message: `The tag :${tag} of ${ref} moves.` });
    },
  ),
  rule(
    "image",
    {
      id: "image-without-digest",
      severity: "info",
      what: "The image is not pinned by its digest.",
      why: "Whoever can push to the registry can change what the tag means.",
      fix: "Add the digest that the registry shows: name:1.2.3@sha256:…",
      source: REFERENCES.images,
    },
    ({ ref, file, line }, say) => {
      const { tag, digest, open } = parts(ref);
      if (!digest && !open && tag !== "" && !MOVING.test(tag))
        say({ file, line }, { message: `${ref} is not pinned by its digest.` });
    },
  ),
  rule(
    "image",
    {
      id: "image-end-of-life",
      severity: "error",
      what: "The image holds a version that gets no security updates any more.",
      why: "Faults that are found in it from now on stay.",
      fix: "Move to a version that is maintained.",
      source: REFERENCES.endOfLife,
      review: "2027-04-30",
    },
    ({ ref, file, line }, say, { assumptions }) => {
      const { name, tag } = parts(ref);
      const version = END_OF_LIFE[name.slice(name.lastIndexOf("/") + 1)];
      const label = /^v?(\d+(?:\.\d+)?)/.exec(tag)?.[1] ?? /^[a-z]+/.exec(tag)?.[0] ?? "";
      const ended = version?.find(
        ([prefix]) => label === prefix || label.startsWith(`${prefix}.`) || tag.startsWith(`${prefix}-`),
      );
      const suffix = END_OF_LIFE.debian?.find(
        ([release]) => new RegExp(`-(slim-)?${release}\\b`).test(tag) && /^[a-z]/.test(release),
      );
      const [what, date] = ended ?? suffix ?? [];
      if (date !== undefined && date <= assumptions.today)
        say(
          { file, line },
          {
            message: `${ended === undefined ? `Debian ${what}` : `${name} ${what}`} has had no security updates since ${date}.`,
          },
        );
    },
  ),
  rule(
    "image",
    {
      id: "image-on-container-registry",
      severity: "warning",
      what: "The image is named at gcr.io; Container Registry was shut down on 2025-03-18.",
      why: "The name works only where the project serves gcr.io from Artifact Registry, and pushes elsewhere fail.",
      fix: "Move to REGION-docker.pkg.dev/PROJECT/REPOSITORY.",
      source: REFERENCES.registryShutdown,
    },
    ({ ref, file, line }, say) => {
      if (isContainerRegistry(ref)) say({ file, line });
    },
  ),
  rule(
    "shell",
    {
      id: "push-to-container-registry",
      severity: "warning",
      what: "The pipeline pushes to gcr.io; Container Registry takes no images since 2025-03-18.",
      why: "The push fails, unless the project was moved to Artifact Registry's gcr.io repositories.",
      fix: "Push to REGION-docker.pkg.dev/PROJECT/REPOSITORY.",
      source: REFERENCES.registryShutdown,
    },
    ({ lines }, say) => {
      for (const line of lines) {
        if (!/\b(docker|podman|buildah|gcloud|crane|skaffold|kaniko|executor)\b/.test(line.text)) continue;
        const ref = /(?:^|[\s"'=/])((?:[a-z]+\.)?gcr\.io\/[^\s"']+)/.exec(line.text)?.[1];
        if (
          ref !== undefined &&
          isContainerRegistry(ref) &&
          /\b(push|build|submit|tag|--destination|--image)\b/.test(line.text)
        )
          say(line);
      }
    },
  ),
];

/** Images that Google itself serves from Artifact Registry under gcr.io names are not meant. */
function isContainerRegistry(ref: string): boolean {
  return (
    /^(us\.|eu\.|asia\.|marketplace\.)?gcr\.io\//.test(ref) &&
    !/^gcr\.io\/(cloud-builders|google\.com|google-containers|distroless|cloud-sql-connectors|kaniko-project|cloudsql-docker|gke-release|google-samples|go-containerregistry|projectsigstore)\b/.test(
      ref,
    )
  );
}

interface Parts {
  readonly name: string;
  readonly tag: string;
  readonly digest: boolean;
  /** The tag is a variable, filled in elsewhere. */
  readonly open: boolean;
}

function parts(ref: string): Parts {
  // A variable with a default stands for its default: that is what is fetched when nobody sets it.
  const plain = ref.replace(/\$\{\w+:?-([^}]*)\}/g, "$1");
  const [head = "", digest] = plain.split("@");
  const colon = head.lastIndexOf(":");
  const split = colon > head.lastIndexOf("/");
  const [name, tag] = split ? [head.slice(0, colon), head.slice(colon + 1)] : [head, ""];
  const open =
    /\$|%|<|\{\{/.test(tag) || (tag === "" && /\$|<|\{\{/.test(name)) || /^IMAGE\b|PLACEHOLDER|^image$/i.test(head);
  return { name, tag, digest: digest !== undefined, open };
}

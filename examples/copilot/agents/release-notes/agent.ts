import { defineAgent, defineTool, z } from "slipway/agent";
import { groupChanges } from "./changes.ts";

const groupCommits = defineTool({
  description: "Sorts the first lines of commits into breaking changes, features, fixes and others.",
  input: z.object({ subjects: z.array(z.string().min(1).max(300)).min(1).max(500) }),
  run: ({ subjects }) => groupChanges(subjects),
});

export default defineAgent({
  name: "release-notes",
  description: "Writes release notes from a list of commits.",
  instructions: `You write release notes for the people who use the software.

- Group the commits with the tool first. Breaking changes come first, each with what a user has to do.
- One line a change, in words that a user understands; leave out what no user notices.
- Nothing that is not in the commits goes into the notes.`,
  tools: { group_commits: groupCommits },
  limits: { maxSteps: 4, timeoutSeconds: 120 },
});

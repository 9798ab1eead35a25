import type { RenderedFile } from "#render/file.ts";
import { yamlText } from "#render/yaml.ts";
import { type Pipeline, pipelineHeader } from "../pipeline.ts";
import { applyBuild, stageBuild } from "./builds.ts";
import { asks } from "./names.ts";
import { applyTrigger, stageTrigger, triggersScript } from "./triggers.ts";

/** Cloud Build: a build and a trigger for each environment, a second one of each where somebody must agree in between. */
export function cloudBuildFiles(pipeline: Pipeline): readonly RenderedFile[] {
  const head = pipelineHeader(pipeline);
  const yaml = (path: string, value: unknown): RenderedFile => ({
    path: `cloudbuild/${path}.yaml`,
    text: yamlText(head, value),
  });
  const files = pipeline.lines.flatMap((line) =>
    line.stages.flatMap((stage) => [
      yaml(stage.name, stageBuild(pipeline, line, stage)),
      yaml(`triggers/${stage.name}`, stageTrigger(pipeline, stage)),
      ...(asks(stage)
        ? [
            yaml(`${stage.name}-apply`, applyBuild(pipeline, line, stage)),
            yaml(`triggers/${stage.name}-apply`, applyTrigger(pipeline, stage)),
          ]
        : []),
    ]),
  );
  return [...files, { path: "cloudbuild/triggers.sh", text: triggersScript(pipeline) }];
}

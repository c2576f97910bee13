// What kubectl makes of a kustomization in deploy/, as objects: nothing of it needs an API server.
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { runCommand } from "../../deploy/local/command.ts";
import { componentDirectory } from "../../deploy/local/component-directory.ts";

export const root = join(import.meta.dirname, "../..");

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
});

/** Any object of the API. */
export type KubeObject = z.output<typeof objectSchema>;

/** The objects of a stream of YAML documents, in its order. */
export function parseObjects(text: string): readonly KubeObject[] {
  const documents = parseAllDocuments(text).map((document) => document.toJS());
  return documents.filter((document) => document !== null).map((document) => objectSchema.parse(document));
}

/** `kubectl kustomize` of a folder of this checkout, or of an absolute path. */
export async function kustomize(folder: string): Promise<readonly KubeObject[]> {
  const kubectl = join(componentDirectory(), "kubectl");
  const { stdout } = await runCommand([kubectl, "kustomize", folder], { cwd: root, env: { PATH: "/usr/bin:/bin" } });
  return parseObjects(stdout);
}

/** Kind, namespace and name: what tells one object from another. */
export function identityOf({ kind, metadata: { namespace, name } }: KubeObject): string {
  return [kind, namespace, name].filter(Boolean).join("/");
}

const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })),
  securityContext: z.looseObject({ capabilities: z.looseObject({ add: z.array(z.string()).optional() }).optional() }),
  volumeMounts: z
    .array(z.looseObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().default(false) }))
    .default([]),
});
const podSpecSchema = z.looseObject({
  containers: z.tuple([containerSchema]),
  volumes: z
    .array(z.looseObject({ name: z.string(), hostPath: z.object({ path: z.string(), type: z.string() }).optional() }))
    .default([]),
});
const workloadSchema = z.looseObject({
  spec: z.looseObject({ template: z.looseObject({ metadata: z.looseObject({}), spec: podSpecSchema }) }),
});

/** The pod that a Deployment or DaemonSet makes. @throws Error when there is no such object */
export function podSpecOf(objects: readonly KubeObject[], kind: "Deployment" | "DaemonSet") {
  const workload = objects.find((object) => object.kind === kind);
  if (workload === undefined) throw new Error(`there is no ${kind} among ${objects.map(identityOf).join(", ")}`);
  return workloadSchema.parse(workload).spec.template.spec;
}

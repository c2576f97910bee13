import assert from "node:assert/strict";
import { it } from "node:test";
import { KubeConfig } from "@kubernetes/client-node";
import { renderKubeconfig } from "./kubeconfig.ts";

it("renderKubeconfig() gives what a Kubernetes client reads as server, authority and token", () => {
  const text = renderKubeconfig({ server: "https://127.0.0.1:6443", caFile: "/x/ca.crt", user: "admin", token: "t" });
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromString(text);
  assert.equal(kubeconfig.getCurrentCluster()?.server, "https://127.0.0.1:6443");
  assert.equal(kubeconfig.getCurrentCluster()?.caFile, "/x/ca.crt");
  assert.equal(kubeconfig.getCurrentUser()?.token, "t");
});

// What each error code means to a person and what to do about it. Data for the README's table only (a test compares them):
// the binary does not import it, so that it costs an ADD nothing.

export interface CatalogueEntry {
  readonly code: number;
  readonly meaning: string;
  readonly whatToDo: string;
}

export const errorCatalogue: readonly CatalogueEntry[] = [
  {
    code: 1,
    meaning: "`cniVersion` is none of 0.1.0 to 1.1.0, or too old for the verb",
    whatToDo: "set a `cniVersion` from the details; CHECK needs 0.4.0, GC and STATUS need 1.1.0",
  },
  {
    code: 2,
    meaning: "a field that mqtap knows but does not support here; the message has key and value",
    whatToDo: "do what the message says, or remove the field",
  },
  {
    code: 4,
    meaning: "a `CNI_*` variable is missing or invalid; the message names it",
    whatToDo: "nothing in the cluster: the runtime or the tool that calls the plugin is wrong",
  },
  { code: 5, meaning: "stdin cannot be read", whatToDo: "look at the runtime's log; it closed the pipe" },
  { code: 6, meaning: "stdin is not one JSON object", whatToDo: "correct the configuration's JSON" },
  {
    code: 7,
    meaning: "a field has a value that cannot be; the message has key and value",
    whatToDo: "correct the configuration as the message says",
  },
  {
    code: 8,
    meaning: "`CNI_NETNS` is no network namespace, or the plugin's own",
    whatToDo: "nothing: the pod is gone already; by hand, give a namespace of `ip netns add`",
  },
  {
    code: 11,
    meaning:
      "cannot say or do it now: mqtap's agent is down, hung or still starting, or the node is short of memory or files",
    whatToDo:
      "the kubelet tries again by itself; if it lasts: `kubectl -n mqtap-system get pods -o wide`; where mqtap was deleted, install it again or take mqtap out of the pod's networks",
  },
  {
    code: 50,
    meaning:
      "STATUS: this node cannot serve ADD; the message says why. 51, which only an IPAM plugin says, means that running pods have lost their network, too",
    whatToDo: "`modprobe tun` where /dev/net/tun is missing; else see the agent's pod on the node",
  },
  {
    code: 100,
    meaning: "the pod already has an interface of the name to make, and it is not this attachment's leftover",
    whatToDo: "two networks ask for one interface: look at the pod's network annotation and the plugin list",
  },
  {
    code: 101,
    meaning: '`mode: "main"` with `sizing: "vm"`, but this pod gets no tap; the message says why',
    whatToDo: 'use the network for virtual machines only, or `sizing: "static"`',
  },
  {
    code: 102,
    meaning: "the kernel refused a step; the message has the call and its errno. Nothing was left behind",
    whatToDo: "on EPERM run the plugin as root with CAP_NET_ADMIN and CAP_SYS_ADMIN; else see the node's kernel log",
  },
  { code: 103, meaning: "/dev/net/tun is missing", whatToDo: "`modprobe tun` on the node, and load it at boot" },
  {
    code: 104,
    meaning: "CHECK: the tap is gone or is not as it was made; the message names the difference",
    whatToDo: "delete the pod; something in it changed the tap",
  },
  {
    code: 105,
    meaning: "`bridge` names no bridge in the pod's namespace",
    whatToDo: "put the plugin that makes the bridge before mqtap in the list",
  },
  {
    code: 106,
    meaning: "GC removed what it could, and something is left; the details name it",
    whatToDo: "the next GC tries again; see the details",
  },
  {
    code: 107,
    meaning: "`cniVersion` 0.1.0 and 0.2.0 cannot express an interface without an address",
    whatToDo: "use `cniVersion` 0.3.0 or later, or add `ipam`",
  },
  {
    code: 108,
    meaning:
      "the node's policy file cannot be read or parsed, so nothing can be allowed; the message says what is wrong with it",
    whatToDo: "repair /etc/cni/mqtap/policy.json on the node; DEL goes on meanwhile",
  },
  {
    code: 109,
    meaning:
      "the node's policy does not allow what the configuration asks for; the message names field, value and setting",
    whatToDo: "change the configuration, or allow the value in /etc/cni/mqtap/policy.json",
  },
  {
    code: 110,
    meaning: "the agent found no virtual machine behind the pod of a network binding",
    whatToDo: "do not name the binding's network in the annotation of an ordinary pod",
  },
  { code: 111, meaning: "the API server has no such pod on this node", whatToDo: "nothing: the pod is gone" },
  {
    code: 112,
    meaning: "the pod's VirtualMachineInstance is gone, or another one has its name now",
    whatToDo: "nothing: the pod is on its way out; delete it if it stays",
  },
  {
    code: 113,
    meaning: "the virtual machine has no network that belongs to this interface",
    whatToDo: "compare `spec.networks` of the VM with the pod's network annotation",
  },
  {
    code: 114,
    meaning: "the VM's interface uses a network binding that the agent does not know as managedTap",
    whatToDo: "add its name to the agent's `--managed-tap-bindings`, or use another binding",
  },
  {
    code: 115,
    meaning: "a NodeNetworkConfig with `enforcement: Required` forbids the queues that this VM would open",
    whatToDo: "give the VM fewer vCPUs, add the hook, or raise the limit; the message has the numbers",
  },
  {
    code: 116,
    meaning: "the agent did not understand the plugin's question",
    whatToDo: "bring agent and plugin to one version: restart the agent's pod on the node",
  },
  {
    code: 120,
    meaning: "the IPAM plugin failed, or its answer makes no sense; the message has its words, the details its code",
    whatToDo: "look at the plugin's own documentation; with `host-local` most often the range is exhausted",
  },
  {
    code: 121,
    meaning: "the IPAM plugin that the configuration names is in no directory of `CNI_PATH`",
    whatToDo: "install the plugin on the node, or correct `ipam.type`",
  },
  {
    code: 999,
    meaning: "a defect in mqtap; stderr has the stack",
    whatToDo: "report it with the stack and the configuration",
  },
];

/** The catalogue as the README shows it. */
export function formatCatalogue(): string {
  const rows = errorCatalogue.map(({ code, meaning, whatToDo }) => `| ${code} | ${meaning} | ${whatToDo} |`);
  return ["| code | meaning | what to do |", "|--|--|--|", ...rows].join("\n");
}

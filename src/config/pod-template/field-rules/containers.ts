/** Containers, and how the node asks after them. */
import { between, both, type FieldRules, never, oneOf, text } from "./field-rule.ts";
import { ip, label, MAX, notEmpty, positive, pullPolicy, relative } from "./values.ts";

const seconds = between(0, MAX);
const mountPath = both(
  notEmpty,
  text((path) => !path.includes(":"), "has a colon"),
);
const isPortName = (name: string): boolean =>
  name.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && /[a-z]/.test(name);
const portName = text(isPortName, "is no name of a port (at most 15 lower-case letters, digits and `-`)");
const port = (value: unknown): string | null =>
  typeof value === "number" ? between(1, 65_535)(value) : portName(value);
const KUBELET = never("the node's agent would call another machine");

export const CONTAINER_RULES: FieldRules = {
  Container: {
    name: label,
    image: text((value) => value !== "" && value === value.trim(), "is empty, or has blanks around it"),
    imagePullPolicy: pullPolicy,
    resizePolicy: never("a run's resources do not change"),
    restartPolicyRules: never("the agent's program is started once"),
    terminationMessagePolicy: oneOf("File", "FallbackToLogsOnError"),
    volumeDevices: never("raw block devices are not supported"),
  },
  ContainerPort: {
    containerPort: between(1, 65_535),
    hostPort: between(0, 65_535),
    name: portName,
    protocol: oneOf("TCP", "UDP", "SCTP"),
    hostIP: ip,
  },
  VolumeMount: {
    name: notEmpty,
    mountPath,
    subPath: relative,
    subPathExpr: relative,
    mountPropagation: oneOf("None", "HostToContainer", "Bidirectional"),
    recursiveReadOnly: oneOf("Disabled", "IfPossible", "Enabled"),
  },
  Lifecycle: { stopSignal: never("the runner stops the agent") },
  HTTPGetAction: { path: notEmpty, port, host: KUBELET, scheme: oneOf("HTTP", "HTTPS") },
  HTTPHeader: { name: text((name) => /^[-A-Za-z0-9]+$/.test(name), "is no name of a header") },
  TCPSocketAction: { port, host: KUBELET },
  GRPCAction: { port: between(1, 65_535) },
  SleepAction: { seconds: between(1, 15) },
  ExecAction: { command: (value) => ((value as readonly unknown[]).length > 0 ? null : "is empty") },
  Probe: {
    initialDelaySeconds: seconds,
    timeoutSeconds: positive,
    periodSeconds: positive,
    successThreshold: positive,
    failureThreshold: positive,
    terminationGracePeriodSeconds: positive,
  },
};

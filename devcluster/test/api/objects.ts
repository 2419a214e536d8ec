/** A Job that makes no pods: what is tested is the API, not the controllers. */
export function job(name: string, more: { spec?: object; pod?: object; container?: object; metadata?: object } = {}) {
  const container = { name: "main", image: "busybox:1.36", command: ["true"], ...more.container };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, ...more.metadata },
    spec: {
      suspend: true,
      template: { spec: { restartPolicy: "Never", containers: [container], ...more.pod } },
      ...more.spec,
    },
  };
}

/** A pod that no scheduler takes. */
export function pod(name: string, more: { spec?: object; container?: object; metadata?: object } = {}) {
  const container = { name: "main", image: "busybox:1.36", ...more.container };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...more.metadata },
    spec: { schedulerName: "nobody", restartPolicy: "Never", containers: [container], ...more.spec },
  };
}

export const secret = (name: string, more: object = {}) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name },
  ...more,
});

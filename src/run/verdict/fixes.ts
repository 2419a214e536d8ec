/**
 * What a person can do, cause by cause. Every setting that is named here exists, which `test/messages/` holds; what helps
 * against a pod that waits stands in `observe/waiting/fixes.ts`, against an API server's refusal in `shared/api-advice.ts`.
 */
export const FIXES = {
  // The agent itself.
  sessionMissing:
    "Run it again: the next run starts a fresh session. If sessions are lost often, keep the agent's home on a volume (homeClaim).",
  freshSession: "Run it again: the next run starts a fresh session.",
  image:
    "Run it again: the next run starts a fresh session. If the task still holds the image, convert it to PNG or JPEG, or make it smaller.",
  maxTurns: "Raise maxTurnsPerRun, or give the agent a smaller task.",
  refusal: "Change the task or its context: the model refuses the same prompt again.",
  quota: "Wait, or use another account or an API key.",
  quotaUntilReset: "Wait for the reset, or use another account or an API key.",
  billing: "Add credit to the account of the agent's key, or use another key.",
  model: "Choose another model in the agent's configuration (model).",
  login:
    "Give the agent a valid credential: ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN in its environment (env), or a login in its home.",
  emptyResponse: "Run it again. If it recurs, check the model's name and the API's status.",
  throttled: "Run it again later, or run fewer agents on this key.",
  apiFailed: "Run it again later.",
  apiRefused: "Change what the message names.",
  oldClaude: "Use an image with a newer Claude Code (image).",
  budget: "Raise the budget (--max-budget-usd in extraArgs), or give the agent a smaller task.",
  readTranscript: "Read the end of the transcript.",
  interrupted: "Run it again. If it recurs, look for what sends a signal to the agent's process.",
  logUnread:
    "Grant Paperclip's service account pods/log (deploy/rbac.yaml), and check that the API server reaches the node's kubelet (kubectl logs); then check the work, and run it again.",
  checkResult: "Check the work before you rely on it: the transcript shows what was done.",
  // An agent that ended without a result.
  apiUnreachable: "Check the API's status and the agent's credential, then run it again.",
  readStderr: "Run it again. If it recurs, read the agent's stderr in the run's log.",
  startCommand: "Check image, command and extraArgs: the agent's stderr is in the run's log.",
  root: "Let the image's container run as a user that is not root, or set IS_SANDBOX=1 in the agent's environment (env).",
  // Time.
  timeout: "Raise timeoutSec, or give the agent a smaller task.",
  silence: "If the model needs longer, raise silenceLimitSec.",
  toolSilence: "If the tool needs longer, raise toolSilenceLimitSec.",
  // The cluster.
  memory: "Raise resources.limits.memory, or let the agent run smaller commands.",
  memoryOfCluster:
    "Raise resources.requests.memory, or change the rule of the cluster that lowers the limit (a LimitRange, an admission policy, GKE Autopilot).",
  preempted: "To protect it, set priorityClassName to a class of higher priority.",
  evicted: "If it recurs, raise resources.requests.memory to what the agent uses.",
  disk: "Raise resources.limits.ephemeral-storage, let the agent write less to its disk, or keep its home on a volume (homeClaim).",
  emptyDir: "Let the agent write less to the volume that the message names, or keep its home on a volume (homeClaim).",
  diskPressure:
    "If it recurs, raise resources.requests.ephemeral-storage to what the agent writes, or keep its home on a volume (homeClaim).",
  checkNode: "Check the node.",
  findDeleter: "The cluster does not record who did it; its audit log does.",
  findSuspender: "Find who suspends Jobs in this namespace (a queue such as Kueue, or a person), then run it again.",
  // A container that did not start.
  describePod: "Read what the cluster says of the pod (kubectl describe pod).",
  claudeMissing:
    "Use an image that has Claude Code in its PATH (image), bring it by a second image (cliImage), or set command to its path.",
  notExecutable: "Make the program executable in the image, or set command to one that is.",
  wrongArchitecture:
    "Use an image for the node's processor (image), or choose other nodes (nodeSelector with kubernetes.io/arch).",
  homeNotWritable:
    "Make the home volume writable for the pod's user (chown its folder, or use a volume that honours fsGroup), or choose another one (homeClaim).",
  homeFull: "Free space on the home volume, or choose a larger one (homeClaim).",
  nodeMissing: "Use an image whose Node runs on this system, or one without Node (image).",
  queueTimeout: "Raise queueTimeoutSec, or let the cluster's operator raise the quota of the queue.",
  // A workspace that did not come.
  gitMissing: "Use an image that has git (image), or choose another workspace.",
  gitLogin:
    "Name a Secret with a login for the repository's host under git.credentials of the operator's policy (PAPERCLIP_K8S_POLICY), or connect GitHub in Paperclip; where there is one, renew it.",
  repositoryMissing:
    "Correct the project's repository, or let its login read it (git.credentials of the operator's policy).",
  repositoryEmpty: "Push a first commit to the repository.",
  refMissing:
    "Correct the project's branch, tag or commit, or push it. With gitDepth, a commit must be one that the server gives by itself.",
  checkoutDiskFull:
    "Fetch less (gitDepth, gitSparse), or give the workspace more room: resources.limits.ephemeral-storage, or workspace: claim.",
  gitUntrusted: "Give agents the authority that signed it (caBundle).",
  gitUnreachable: "Check that pods reach the repository's host (DNS, NetworkPolicies, proxy), then run it again.",
  checkoutOccupied: "Move the named files out of the agent's working directory, or choose another workspace.",
  checkoutTimeout: "Raise checkoutTimeoutSec, or fetch less (gitDepth, gitSparse).",
  checkoutFailed: "Read what git says in the run's log.",
  setupFailed: "Correct the commands (setup): what they printed is in the run's log, each line marked with setup.",
  setupTimeout: "Raise setupTimeoutSec, or let the commands do less (setup).",
  // Nothing to do.
  onPurpose: "Nothing: the run was stopped on purpose.",
  checkStopped: "Check that its Job is gone (kubectl get jobs,pods).",
  wakeAgain: "Nothing, as a rule: Paperclip's next run takes over. If none starts, wake the agent.",
  report: "Run it again. If it recurs, report the message.",
} as const;

/** `git`: how agents reach their repositories. */
import { z } from "zod";

export const git = z.strictObject(
  {
    credentials: z
      .record(
        z.string().regex(/^(https?:\/\/)?[a-z0-9.-]+(:\d{1,5})?$/, {
          error: "is no host such as git.example.com, with its port where it has one",
        }),
        z.string().min(1).max(253),
        { error: "is not a map of hosts to Secrets" },
      )
      .optional()
      .describe(
        "Logins by host, such as `git.example.com: git-{companyId}`: a Secret in the Jobs' namespace with the keys `username` and `password`. Runs whose project is on that host have it mounted, and their git reads it at each call. The agent can read it. A host is meant with https, unless http:// stands before it. Default: none.",
      ),
  },
  { error: "is not {credentials}" },
);

/** `raw`: the container's log has no frames. `undecided` until the first line says. */
export type Mode = "undecided" | "framed" | "raw";

/** `bare`: frames that do not come from the log API have no stamp before them. */
export type Form = "stamped" | "bare";

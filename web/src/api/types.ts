import type { components } from "./schema";

/** Short names for the shapes of the OpenAPI document; none is written by hand. */
type Schemas = components["schemas"];
export type Summary = Schemas["Summary"];
export type Alert = Schemas["Alert"];
export type Rule = Schemas["Rule"];
export type User = Schemas["User"];
export type PendingRobot = Schemas["PendingRobot"];
export type MetricInfo = Schemas["MetricInfo"];
export type AlertStats = Schemas["AlertStats"];
export type Command = Schemas["Command"];
export type CommandSpec = Schemas["CommandSpec"];
export type ParamSpec = Schemas["ParamSpec"];
export type Lease = Schemas["Lease"];
export type Job = Schemas["Job"];
export type ScanRecord = Schemas["ScanRecord"];
export type LogEntry = Schemas["LogEntry"];
export type JobTotals = Schemas["JobTotals"];
export type Item = Schemas["Item"];
export type Imported = Schemas["Imported"];
export type AuditEntry = Schemas["AuditEntry"];
export type Recording = Schemas["Recording"];
export type SessionInfo = Schemas["SessionInfo"];
export type Credential = Schemas["Credential"];

export type Role = User["role"];
export type Severity = Alert["severity"];
export type JobStatus = Job["status"];

import type { Alert, Command, Job, Summary } from "./api/types";

const day = "2026-11-23T10:00:00Z";

/** A calm robot for tests. */
export function summary(robot: string, change: Partial<Summary> = {}): Summary {
  return {
    robot_id: robot,
    name: robot,
    description: "",
    location: "",
    adoption: "adopted",
    ip_address: "10.0.0.7",
    camera_url: "",
    platform: "",
    agent: "tonypi-agent",
    status: "online",
    posture: "standing",
    emergency_stopped: false,
    emergency_reason: "",
    last_seen: day,
    created_at: day,
    updated_at: day,
    online: true,
    connected: true,
    open_alerts: 0,
    worst_severity: "",
    ...change,
  };
}

/** An open warning for tests. */
export function alert(id: number, change: Partial<Alert> = {}): Alert {
  return {
    id,
    robot_id: "r1",
    alert_type: "servo_temp",
    metric: "servo_temperature",
    source: "servo_3",
    severity: "warning",
    title: `Alert ${id}`,
    message: "",
    value: 55,
    threshold: 50,
    rule_id: 1,
    acknowledged: false,
    acknowledged_by: "",
    note: "",
    resolved: false,
    resolved_by: "",
    created_at: day,
    updated_at: day,
    ...change,
  };
}

/** A command that was sent for tests. */
export function command(id: string, change: Partial<Command> = {}): Command {
  return {
    command_id: id,
    batch_id: "",
    robot_id: "r1",
    type: "wave",
    parameters: {},
    reason: "",
    status: "sent",
    message: "",
    by: "admin",
    address: "10.0.0.9",
    created_at: day,
    sent_at: day,
    deadline: day,
    ...change,
  };
}

/** A job of ten items that is active, for tests. */
export function job(id: number, change: Partial<Job> = {}): Job {
  return {
    id,
    robot_id: "r1",
    task_name: `task ${id}`,
    status: "active",
    phase: "scanning",
    items_done: 2,
    items_total: 10,
    percent_complete: 20,
    estimated_duration: 0,
    action_duration: 0,
    cancel_reason: "",
    start_time: day,
    updated_at: day,
    ...change,
  };
}

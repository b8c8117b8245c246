import { Link } from "@tanstack/react-router";
import { useFleet } from "@/api/robots";
import { cn } from "./cn";

/** The name of a robot, leading to it. */
export function RobotLink({ robot, className }: { robot: string; className?: string }) {
  const { data: fleet } = useFleet();
  const name = fleet?.find((each) => each.robot_id === robot)?.name || robot;
  return (
    <Link
      to="/robots/$robot"
      params={{ robot }}
      className={cn("text-accent underline-offset-2 hover:underline", className)}
    >
      {name}
    </Link>
  );
}

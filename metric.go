package tonypi

// Metric names what is measured. The table is closed: a metric that is not in Metrics does not exist.
type Metric string

// The metrics. Units stand in the table below.
const (
	Acceleration     Metric = "acceleration"
	AngularRate      Metric = "angular_rate"
	Orientation      Metric = "orientation"
	Distance         Metric = "distance"
	LightDark        Metric = "light_dark"
	LightLevel       Metric = "light_level"
	Touch            Metric = "touch"
	Sensor           Metric = "sensor"
	ServoPosition    Metric = "servo_position"
	ServoTarget      Metric = "servo_target"
	ServoTemperature Metric = "servo_temperature"
	ServoVoltage     Metric = "servo_voltage"
	ServoTorque      Metric = "servo_torque"
	ServoErrors      Metric = "servo_errors"
	BatteryPercent   Metric = "battery_percent"
	BatteryVoltage   Metric = "battery_voltage"
	BatteryCharging  Metric = "battery_charging"
	BatteryMinutes   Metric = "battery_minutes"
	CPUPercent       Metric = "cpu_percent"
	MemoryPercent    Metric = "memory_percent"
	DiskPercent      Metric = "disk_percent"
	CPUTemperature   Metric = "cpu_temperature"
	Uptime           Metric = "uptime"
	Throttled        Metric = "throttled"
	WifiSignal       Metric = "wifi_signal"
	NetworkRTT       Metric = "network_rtt"
	ClockSkew        Metric = "clock_skew"
	Location         Metric = "location"
	Detection        Metric = "detection_confidence"
	DriveLimit       Metric = "drive_limit"
	StopLatency      Metric = "stop_latency"
)

// MetricInfo describes a metric: how people and other systems call it.
type MetricInfo struct {
	Metric      Metric `json:"metric"`
	Title       string `json:"title"`
	Unit        string `json:"unit"`
	Group       string `json:"group" enum:"motion,sensors,servos,battery,performance,location,vision"`
	Measurement string `json:"-"` // InfluxDB measurement
	Field       string `json:"-"` // InfluxDB field
	Tag         string `json:"-"` // InfluxDB tag that holds the source
	Prometheus  string `json:"-"` // Prometheus metric name
}

// Metrics is the closed table of metrics, in the order in which people read them.
var Metrics = []MetricInfo{
	{Acceleration, "Acceleration", "m/s²", "motion", "sensor_data", "value", "sensor_type", "tonypi_acceleration_meters_per_second_squared"},
	{AngularRate, "Angular rate", "°/s", "motion", "sensor_data", "value", "sensor_type", "tonypi_angular_rate_degrees_per_second"},
	{Orientation, "Orientation", "°", "motion", "sensor_data", "value", "sensor_type", "tonypi_orientation_degrees"},
	{Distance, "Distance", "cm", "sensors", "sensor_data", "value", "sensor_type", "tonypi_distance_centimeters"},
	{LightDark, "Dark", "", "sensors", "sensor_data", "value", "sensor_type", "tonypi_light_dark"},
	{LightLevel, "Light", "%", "sensors", "sensor_data", "value", "sensor_type", "tonypi_light_percent"},
	{Touch, "Touch", "", "sensors", "sensor_data", "value", "sensor_type", "tonypi_touch"},
	{Sensor, "Sensor", "", "sensors", "sensor_data", "value", "sensor_type", "tonypi_sensor"},
	{ServoPosition, "Position", "°", "servos", "servo_data", "position", "servo_id", "tonypi_servo_position_degrees"},
	{ServoTarget, "Target", "°", "servos", "servo_data", "target_position", "servo_id", "tonypi_servo_target_degrees"},
	{ServoTemperature, "Servo temperature", "°C", "servos", "servo_data", "temperature", "servo_id", "tonypi_servo_temperature_celsius"},
	{ServoVoltage, "Servo voltage", "V", "servos", "servo_data", "voltage", "servo_id", "tonypi_servo_voltage_volts"},
	{ServoTorque, "Torque", "", "servos", "servo_data", "torque_enabled", "servo_id", "tonypi_servo_torque_enabled"},
	{ServoErrors, "Read errors", "", "servos", "servo_data", "read_errors", "servo_id", "tonypi_servo_read_errors_total"},
	{BatteryPercent, "Battery", "%", "battery", "battery_status", "percentage", "", "tonypi_battery_percent"},
	{BatteryVoltage, "Battery voltage", "V", "battery", "battery_status", "voltage", "", "tonypi_battery_volts"},
	{BatteryCharging, "Charging", "", "battery", "battery_status", "is_charging", "", "tonypi_battery_charging"},
	{BatteryMinutes, "Battery time left", "min", "battery", "battery_status", "minutes_left", "", "tonypi_battery_minutes_left"},
	{CPUPercent, "CPU", "%", "performance", "robot_status", "system_cpu_percent", "", "tonypi_cpu_percent"},
	{MemoryPercent, "Memory", "%", "performance", "robot_status", "system_memory_percent", "", "tonypi_memory_percent"},
	{DiskPercent, "Disk", "%", "performance", "robot_status", "system_disk_usage", "", "tonypi_disk_percent"},
	{CPUTemperature, "CPU temperature", "°C", "performance", "robot_status", "system_cpu_temperature", "", "tonypi_cpu_temperature_celsius"},
	{Uptime, "Uptime", "s", "performance", "robot_status", "system_uptime", "", "tonypi_uptime_seconds"},
	{Throttled, "Throttled", "", "performance", "robot_status", "system_throttled", "", "tonypi_throttled"},
	{WifiSignal, "Wi-Fi signal", "dBm", "performance", "robot_status", "system_wifi_signal", "", "tonypi_wifi_signal_dbm"},
	{NetworkRTT, "Network round trip", "ms", "performance", "robot_status", "system_network_rtt", "", "tonypi_network_rtt_milliseconds"},
	{ClockSkew, "Clock skew", "s", "performance", "robot_status", "clock_skew", "", "tonypi_clock_skew_seconds"},
	{Location, "Location", "m", "location", "robot_location", "", "axis", "tonypi_location_meters"},
	{Detection, "Detection confidence", "", "vision", "vision_data", "confidence", "label", "tonypi_detection_confidence"},
	{DriveLimit, "Driving speed limit", "%", "motion", "robot_status", "drive_limit", "", "tonypi_drive_limit_percent"},
	{StopLatency, "Stop latency", "ms", "performance", "robot_status", "stop_latency", "", "tonypi_stop_latency_milliseconds"},
}

var metricIndex = func() map[Metric]MetricInfo {
	index := make(map[Metric]MetricInfo, len(Metrics))
	for _, m := range Metrics {
		index[m.Metric] = m
	}
	return index
}()

// Info returns the metric's description; ok is false when there is no such metric.
func (m Metric) Info() (info MetricInfo, ok bool) {
	info, ok = metricIndex[m]
	return info, ok
}

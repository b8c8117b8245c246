package tonypi

import "time"

// Update is everything that one message from a robot told us.
type Update struct {
	Robot      RobotID
	At         time.Time // the server's time of arrival
	Sent       time.Time // the robot's own stamp; zero when the message has none
	Naive      bool      // Sent and the readings' times were written without an offset and are taken as if UTC
	Readings   []Reading // a zero Time means: when the message arrived
	Presence   *Presence
	Job        *JobProgress
	Logs       []LogEntry
	Scans      []Scan
	Detections []DetectionEvent
	Ack        *Ack
}

// JobProgress is what a job message says.
type JobProgress struct {
	Task       string    `json:"task_name"`
	Status     string    `json:"status" doc:"active, completed, cancelled, failed, or empty when the message does not say"`
	Phase      string    `json:"phase"`
	ItemsDone  int       `json:"items_done"`
	ItemsTotal int       `json:"items_total"`
	Percent    float64   `json:"percent"`
	Reason     string    `json:"reason" doc:"Why it was cancelled or failed"`
	StartTime  time.Time `json:"start_time,omitzero"`
	EndTime    time.Time `json:"end_time,omitzero"`
	Elapsed    Seconds   `json:"elapsed_time"`
	Estimated  Seconds   `json:"estimated_duration"`
	Success    *bool     `json:"success,omitempty"`
	Started    bool      `json:"-"` // the message says that the job begins now
	LastItem   []byte    `json:"-"` // a JSON object; nil when the message has none
	Action     Seconds   `json:"action_duration"`
	Time       time.Time `json:"-"` // when it was so by the server's clock; zero: when the message arrived
	// Has says which numbers the message really gave; a missing number is not 0.
	HasItemsDone, HasItemsTotal, HasPercent bool `json:"-"`
}

// Scan is a code that a robot read.
type Scan struct {
	Time    time.Time
	Code    string
	Station string
	Action  string
}

// DetectionEvent is something that a robot's camera saw.
type DetectionEvent struct {
	Time       time.Time   `json:"timestamp"`
	Label      string      `json:"label"`
	Confidence *float64    `json:"confidence,omitempty"` // 0 to 1
	Box        *[4]float64 `json:"bbox,omitempty"`       // x1, y1, x2, y2 in pixels
	CenterX    *float64    `json:"center_x,omitempty"`
	FrameWidth float64     `json:"frame_width"`
	State      string      `json:"state"`
	Locked     bool        `json:"is_locked"`
	Command    string      `json:"navigation_command"`
	Error      *float64    `json:"error,omitempty"`
	Detected   *bool       `json:"detection,omitempty"`
}

// Ack is a robot's answer to a command.
type Ack struct {
	CommandID string
	Type      string // emergency_stop, resume, or empty
	Success   bool
	Message   string
	Reason    string
	Data      []byte // the whole answer as JSON
	StopMS    *float64
	Config    int64 // version of the configuration that the answer is about; 0: none
}

// Event is something that watching browsers are told. Exactly one of the fields behind Kind is set.
type Event struct {
	Kind       EventKind
	Robot      RobotID
	Time       time.Time
	RobotState *Robot           // RobotChanged
	Readings   []Reading        // ReadingsArrived; owned by the receiver only during the call
	Alert      *Alert           // AlertChanged
	Log        *LogEntry        // LogWritten
	Job        *Job             // JobChanged
	Detections []DetectionEvent // DetectionsArrived
	Connected  bool             // ConnectionChanged
	Command    *Command         // CommandChanged
	Lease      *Lease           // LeaseChanged; Mine is not set
	Scan       *ScanRecord      // Scanned
}

// EventKind says what an Event is about.
type EventKind int

// Kinds of events.
const (
	ReadingsArrived EventKind = iota
	RobotChanged              // a robot's row: adopted, renamed, new status, stopped
	RobotRemoved
	ConnectionChanged
	AlertChanged
	LogWritten
	JobChanged
	DetectionsArrived
	CommandChanged
	LeaseChanged
	Scanned
)

// Shower shows events to whoever watches. Show does not block and does not fail; it is safe for concurrent use.
type Shower interface {
	Show(e Event)
}

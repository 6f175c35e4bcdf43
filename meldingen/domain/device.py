"""What a device is called for its owner: "Chrome op Android". A guess from what a browser says of itself, no more."""

BROWSERS = (("edg", "Edge"), ("opr/", "Opera"), ("firefox", "Firefox"), ("chrome", "Chrome"), ("safari", "Safari"))
"""The first that fits: Edge and Opera call themselves Chrome too, and all of them Safari."""
SYSTEMS = (
    ("android", "Android"), ("iphone", "iPhone"), ("ipad", "iPad"), ("windows", "Windows"), ("mac os", "Mac"),
    ("cros", "Chromebook"), ("linux", "Linux"),
)  # fmt: skip
UNKNOWN = "Onbekend apparaat"


def device_words(user_agent: str) -> str:
    """The browser and the system in a few words; a fixed word when it says nothing we know."""
    said = user_agent.lower()
    browser = next((words for part, words in BROWSERS if part in said), "")
    system = next((words for part, words in SYSTEMS if part in said), "")
    return " op ".join(part for part in (browser, system) if part) or UNKNOWN

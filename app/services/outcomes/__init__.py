"""What became of people: indicators from paired answers, with their denominators and intervals.

Pure: nothing here sees a session. `answers` says what an answer is, `indicators` counts them,
`case_study` holds what was published against them.
"""

"""The main job: params → source → capsule → notebooks → claims → report, published whole or not at all."""

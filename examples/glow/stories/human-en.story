# English: a skin reaction goes to people at once.
story: human, in English
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: got a rash
                  fired reaction-en
                  public: We are sorry, let us help in DMs
                  bot: One of us will be with you in a moment.
                  inbox: handoff (a skin reaction: answer first)
                  state: human (handoff)
      +5m         owner@glow.example hands back jess
                  state: waiting

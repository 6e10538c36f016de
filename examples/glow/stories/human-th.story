# Thai: a skin reaction goes to people at once.
story: human, in Thai
workspace: ../workspace.json

2026-03-21 10:00  mint comments on v46: ใช้แล้วแพ้
                  fired reaction-th
                  public: เสียใจด้วยค่ะ ขอดูแลในแชทนะคะ
                  bot: เดี๋ยวแอดมินเข้ามาตอบนะคะ รอสักครู่ค่ะ
                  inbox: handoff (a skin reaction: answer first)
                  state: human (handoff)
      +5m         mali@glow.example hands back mint
                  state: waiting

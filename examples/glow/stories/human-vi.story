# Vietnamese: a skin reaction goes to people at once.
story: human, in Vietnamese
workspace: ../workspace.json

2026-03-21 10:00  linhchi comments on v46: mình bị kích ứng
                  fired reaction-vi
                  public: Cho shop hỗ trợ mình qua tin nhắn ạ
                  bot: Nhân viên của shop sẽ nhắn mình ngay ạ.
                  inbox: handoff (a skin reaction: answer first)
                  state: human (handoff)
      +5m         linh@glow.example hands back linhchi
                  state: waiting

# Indonesian: a skin reaction goes to people at once.
story: human, in Indonesian
workspace: ../workspace.json

2026-03-21 10:00  putri_a comments on v46: muka gatal
                  fired reaction-id
                  public: Maaf kak, kami bantu lewat DM ya
                  bot: Admin segera balas ya kak, mohon tunggu.
                  inbox: handoff (a skin reaction: answer first)
                  state: human (handoff)
      +5m         putri@glow.example hands back putri_a
                  state: waiting
